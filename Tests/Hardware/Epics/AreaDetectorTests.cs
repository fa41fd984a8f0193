using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A detector of areaDetector over the wire, with every trap that real ones were seen to set.</summary>
public sealed partial class AreaDetectorTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task It_is_staged_writer_first_with_every_set_point_read_back()
    {
        await using var bench = await ConnectedAsync();
        var session = await bench.StageAsync();
        Assert.Equal(("cam-scan-1", "data/cam.0001.h5"), (session.Session, session.Segment.Path));
        Assert.Equal(["detector", "frame-number", "timestamp"], session.Segment.Datasets.Select(d => d.Role));
        var (camera, writer) = (bench.Detector.Camera, bench.Detector.Writer);
        Assert.Equal("/there/run/data/", writer.Text("FilePath_RBV"));
        Assert.Equal(("cam.0001", "%s%s.h5", "Stream"),
            (writer.Text("FileName_RBV"), writer.Text("FileTemplate_RBV"), writer.Text("FileWriteMode_RBV")));
        Assert.Equal((1.0, 1.0, 0.0), (writer.Number("LazyOpen_RBV"), writer.Number("SWMRMode_RBV"), writer.Number("NumCapture_RBV")));
        Assert.Equal("", writer.Text("XMLFileName_RBV"));
        Assert.Equal(("Multiple", "On", "Line1", "Timed"), (camera.Text("ImageMode_RBV"), camera.Text("TriggerMode_RBV"),
            camera.Text("TriggerSource_RBV"), camera.Text("ExposureMode_RBV")));
        Assert.Equal((0.005, 0.006), (camera.Number("AcquireTime_RBV"), camera.Number("AcquirePeriod_RBV")));
        Assert.Equal(0, camera.Number("ArrayCounter_RBV"));
        Assert.Equal(1, writer.Number("Capture_RBV"));
    }

    [Fact]
    public async Task Frames_of_a_take_count_once_they_are_as_many_as_its_triggers()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        Assert.Equal((true, 0L), Armed(await bench.ArmAsync(5)));
        bench.Fire(3);
        var flying = DetectorBench.Value(await bench.EndAsync(bench.Driver.FlushAsync(None)));
        Assert.Equal((3L, 0L), (flying.Acquired, flying.Recorded));
        bench.Fire(2);
        var done = await bench.CollectAsync(5);
        Assert.Equal((5L, 5L, 0), (done.Acquired, done.Recorded, done.Missed.Count));
        // The next take needs no new arming: the camera was armed for more than was planned.
        Assert.Equal((true, 5L), Armed(await bench.ArmAsync(5)));
        Assert.Equal(5, bench.Detector.Camera.Number("NumImagesCounter_RBV"));
        bench.Fire(5);
        Assert.Equal(10, (await bench.CollectAsync(10)).Recorded);
        Assert.Equal(10, DetectorBench.Value(await bench.EndAsync(bench.Driver.UnstageAsync([], None))));
        Assert.True(Assert.Single(bench.Stores.Segments).Value.ClosedInOrder);
    }

    [Fact]
    public async Task A_trigger_that_the_camera_missed_has_the_whole_take_taken_again()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        await bench.ArmAsync(5);
        bench.Detector.Faults = new AreaDetectorFaults { Missing = [2] };
        bench.Fire(5);
        var status = await bench.CollectAsync(5);
        // Four frames are in the file, of triggers that no take has.
        Assert.Equal((4L, 4L), (status.Acquired, status.Recorded));
        Assert.Equal([new FrameRange(0, 5)], status.Missed);
        Assert.Contains("4 frames came of 5 triggers, and nothing says which are missing", status.WhyMissed);
        Assert.Equal(4, (await bench.ArmAsync(5)).Acquired);
        bench.Fire(5);
        // Those who reconcile count rows from the trigger 4 + 5 on, less the 5 missed ones.
        var again = await bench.CollectAsync(9);
        Assert.Equal((9L, 9L), (again.Acquired, again.Recorded));
        var held = FrameLedger.HoldingOf(new SegmentState(Segment, "s", 0), again with { Session = "s" }, []);
        Assert.Equal([new SegmentRun(1, "s", 5, 9, 0)], held.Runs);
        Assert.Equal(again.WhyMissed, held.Why);
    }

    [Fact]
    public async Task Arrays_that_the_plugin_dropped_are_found_by_their_numbers_and_the_plugin_is_named()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        await bench.ArmAsync(6);
        bench.Fire(2);
        bench.Detector.Faults = new AreaDetectorFaults { Dropping = 2 };
        bench.Fire(4);
        var status = await bench.CollectAsync(6);
        Assert.Equal((4L, 4L), (status.Acquired, status.Recorded));
        Assert.Equal([new FrameRange(2, 4)], status.Missed);
        Assert.Contains("DET:HDF1: dropped 2 arrays: its queue was full", status.WhyMissed);
        Assert.Equal(4, (await bench.ArmAsync(2)).Acquired);
    }

    [Fact]
    public async Task A_camera_whose_numbers_count_triggers_has_only_the_missed_ones_taken_again()
    {
        await using var bench = await ConnectedAsync("identity = numbered");
        bench.Detector.Faults = new AreaDetectorFaults { Missing = [2, 7], NumbersTriggers = true };
        await bench.StageAsync();
        await bench.ArmAsync(5);
        bench.Fire(4);
        var flying = DetectorBench.Value(await bench.EndAsync(bench.Driver.FlushAsync(None)));
        Assert.Equal(3, flying.Recorded);
        Assert.Equal([new FrameRange(2, 3)], flying.Missed);
        Assert.Contains("the driver of DET:cam1: gave out no array for them", flying.WhyMissed);
        bench.Fire(1);
        Assert.Equal(4, (await bench.CollectAsync(4)).Recorded);
        await bench.ArmAsync(5);
        bench.Fire(5);
        var done = await bench.CollectAsync(9);
        Assert.Equal([new FrameRange(2, 3), new FrameRange(7, 8)], done.Missed);
        Assert.Equal(8, done.Recorded);
    }

    [Fact]
    public async Task A_gate_exposes_as_long_as_it_is_open_and_no_exposure_is_set()
    {
        await using var bench = await ConnectedAsync("trigger = level");
        await bench.StageAsync();
        Assert.Equal("TriggerWidth", bench.Detector.Camera.Text("ExposureMode_RBV"));
        Assert.Equal(0.1, bench.Detector.Camera.Number("AcquireTime_RBV"));
        await bench.ArmAsync(3);
        bench.Fire(3);
        Assert.Equal(3, (await bench.CollectAsync(3)).Recorded);
    }

    [Fact]
    public async Task A_detector_on_its_own_clock_gives_as_many_frames_as_it_is_armed_for()
    {
        await using var bench = new DetectorBench();
        bench.Driver = bench.NewDriver(s => s with
        {
            Trigger = AreaDetectorTrigger.Internal,
            TriggerSettings = AreaDetectorTriggers.Of("vimba", AreaDetectorTrigger.Internal)!.Value,
        });
        await bench.ConnectAsync();
        await bench.StageAsync();
        await bench.ArmAsync(5);
        Assert.Equal((5L, 0), (await bench.CollectAsync(5)) is var done ? (done.Recorded, done.Missed.Count) : default);
        await bench.ArmAsync(3);
        Assert.Equal(8, (await bench.CollectAsync(8)).Recorded);
    }

    [Fact]
    public async Task A_folder_that_the_IOC_does_not_have_is_refused_and_everything_is_put_back()
    {
        await using var bench = await ConnectedAsync();
        bench.HasFolder = false;
        var refused = await bench.EndAsync(bench.Driver.StageAsync(bench.Staging(), None));
        Assert.Contains("the IOC has no folder /there/run/data/ (FilePathExists_RBV is 0)", refused.Problem);
        Assert.Equal(("", "%s%s_%d.h5"), (bench.Detector.Writer.Text("FilePath_RBV"), bench.Detector.Writer.Text("FileTemplate_RBV")));
        Assert.Equal(0, bench.Detector.Writer.Number("EnableCallbacks_RBV"));
    }

    [Fact]
    public async Task A_run_folder_outside_of_the_map_is_refused()
    {
        await using var bench = await ConnectedAsync();
        var refused = await bench.EndAsync(bench.Driver.StageAsync(bench.Staging() with { RunFolder = "/elsewhere" }, None));
        Assert.Contains("/elsewhere/data is not below path-map.ours", refused.Problem);
    }

    [Fact]
    public async Task A_file_of_the_same_name_is_refused_since_the_plugin_would_overwrite_it()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        await bench.ArmAsync(1);
        bench.Fire(1);
        await bench.CollectAsync(1);
        await bench.EndAsync(bench.Driver.UnstageAsync([], None));
        var refused = await bench.EndAsync(bench.Driver.StageAsync(bench.Staging(), None));
        Assert.Contains("cam.0001.h5 exists already, and the plugin would overwrite it without a word", refused.Problem);
    }

    [Fact]
    public async Task A_writer_that_falls_to_done_at_the_first_frame_is_found_although_its_status_says_OK()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        bench.Detector.Faults = new AreaDetectorFaults { Unwritable = true };
        await bench.ArmAsync(2);
        bench.Fire(2);
        var status = await bench.CollectAsync(2);
        Assert.Null(status.Session);
        Assert.Contains("DET:HDF1: stopped writing /there/run/data/cam.0001 by itself after 0 frames (WriteStatus Write OK)", status.Fault);
    }

    [Fact]
    public async Task An_IOC_that_began_anew_no_longer_has_the_session_and_a_new_segment_goes_on()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        await bench.ArmAsync(4);
        bench.Fire(2);
        bench.RestartIoc();
        var status = DetectorBench.Value(await bench.EndAsync(bench.Driver.GetStatusAsync(None)));
        Assert.Null(status.Session);
        Assert.Contains("the IOC began anew, or somebody else used it", status.Fault);
        var adopted = await bench.EndAsync(bench.Driver.AdoptAsync(bench.Staging(2), "cam-scan-1", 0, None));
        Assert.Null(DetectorBench.Value(adopted));
        Assert.Equal("cam-scan-2", (await bench.StageAsync(2)).Session);
        await bench.ArmAsync(4);
        bench.Fire(4);
        Assert.Equal(4, (await bench.CollectAsync(4)).Recorded);
    }

    [Fact]
    public async Task A_process_that_takes_over_goes_on_with_the_file_that_the_IOC_still_writes()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        await bench.ArmAsync(3);
        bench.Fire(3);
        await bench.CollectAsync(3);
        await bench.ArmAsync(3);
        bench.Fire(1);
        await bench.Driver.DisposeAsync();
        bench.Driver = bench.NewDriver();
        await bench.ConnectAsync();
        var adopted = DetectorBench.Value(await bench.EndAsync(bench.Driver.AdoptAsync(bench.Staging(2), "cam-scan-1", 0, None)));
        Assert.Equal((false, "data/cam.0001.h5"), (adopted!.NewSegment, adopted.Session.Segment.Path));
        bench.Fire(2);
        Assert.Equal(6, (await bench.CollectAsync(6)).Recorded);
        Assert.Equal(6, (await bench.ArmAsync(3)).Acquired);
    }

    [Fact]
    public async Task A_period_that_the_camera_cannot_keep_is_found_by_its_readback()
    {
        await using var bench = await ConnectedAsync();
        bench.Detector.Faults = new AreaDetectorFaults { PeriodFactor = 1.5 };
        var failed = await bench.EndAsync(bench.Driver.StageAsync(bench.Staging(), None));
        Assert.Contains("AcquirePeriod was set to '0.006', and DET:cam1:AcquirePeriod_RBV is '0.009'; correct dead-time", failed.Problem);
    }

    [Fact]
    public async Task A_stop_is_a_plain_write_that_goes_through_while_a_put_with_completion_waits()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        await bench.ArmAsync(5);
        using var other = bench.Ca.Connected("DET:cam1:Acquire");
        var waiting = other.PutAndWaitAsync(new PvValue.Integer(1), 60_000_000_000, None);
        Assert.Null((await bench.EndAsync(bench.Driver.MakeSafeAsync(None))).Problem);
        Assert.Equal("Aborted", bench.Detector.Camera.Text("DetectorState_RBV"));
        Assert.Null((await bench.EndAsync(waiting)).Problem);
        Assert.False(DetectorBench.Value(await bench.EndAsync(bench.Driver.GetStatusAsync(None))).Accepting);
    }

    [Fact]
    public async Task Somebody_else_s_file_is_left_alone()
    {
        await using var bench = await ConnectedAsync();
        bench.Ca.Server.Run(() =>
        {
            bench.Detector.Writer["LazyOpen"].Write(new PvValue.Integer(1), () => { });
            bench.Detector.Writer["FilePath"].Write(new PvValue.Text("/there/others"), () => { });
            bench.Detector.Writer["FileName"].Write(new PvValue.Text("theirs"), () => { });
            bench.Detector.Writer["Capture"].Write(new PvValue.Integer(1), () => { });
        });
        var refused = await bench.EndAsync(bench.Driver.StageAsync(bench.Staging(), None));
        Assert.Contains("DET:HDF1: is writing /there/others/theirs for somebody else", refused.Problem);
    }

    [Theory]
    [InlineData("width = 8", "gives images of 4 × 2 UInt16, and the beamline file says 8 × 2 UInt16")]
    [InlineData("type = UInt8", "gives images of 4 × 2 UInt16, and the beamline file says 4 × 2 UInt8")]
    [InlineData("trigger-settings { TriggerSource = Line9 }", "has no choice 'Line9'; it has Software, Line1")]
    public async Task What_the_file_says_wrongly_is_found_when_connecting(string wrong, string expected)
    {
        await using var bench = new DetectorBench();
        var text = DetectorBench.Settings + "\n" + wrong;
        await using var driver = bench.NewDriver(_ => AreaDetectorSettings.Read("cam", Parse(text)));
        Assert.Contains(expected, (await bench.EndAsync(driver.ConnectAsync(None))).Problem);
    }

    [Theory]
    [InlineData("trigger = internal", "a detector on its own clock exposes when it likes")]
    [InlineData("driver = aravis, trigger = level", "the driver aravis has presets for [internal, edge] only")]
    [InlineData("driver = other", "the driver other has presets for [] only")]
    [InlineData("driver = pilatos", "it is one of aravis, kinetix, other, pilatus, simdetector, vimba")]
    [InlineData("path-map { ours = data, theirs = x }", "give the whole path of a folder")]
    public void What_the_file_cannot_say_is_refused_with_what_is_allowed(string wrong, string expected)
    {
        var refused = Assert.Throws<SettingsException>(() => AreaDetectorSettings.Read("cam", Parse($"{DetectorBench.Settings}\n{wrong}")));
        Assert.Contains(expected, refused.Message);
    }

    [Theory]
    [InlineData("aravis", "edge", "TriggerMode=On TriggerSource=Line1")]
    [InlineData("vimba", "level", "TriggerMode=On TriggerSource=Line1 ExposureMode=TriggerWidth")]
    [InlineData("kinetix", "edge", "TriggerMode=Rising Edge")]
    [InlineData("kinetix", "level", "TriggerMode=Exp. Gate")]
    [InlineData("pilatus", "edge", "TriggerMode=Ext. Trigger")]
    [InlineData("pilatus", "level", "TriggerMode=Ext. Enable")]
    public void Each_driver_has_its_own_words_for_a_mode(string driver, string mode, string expected)
    {
        var read = AreaDetectorSettings.Read("cam", Parse($"{DetectorBench.Settings}\ndriver = {driver}, trigger = {mode}"));
        Assert.Equal(expected, string.Join(' ', read.TriggerSettings.Select(s => $"{s.Key}={s.Value}")));
        Assert.Equal(driver == "pilatus" ? "Armed" : null, read.ArmedPv);
    }

    [Theory]
    [InlineData("/data", "/mnt/i22", "/data/run/data", "/mnt/i22/run/data/")]
    [InlineData("/data", "Z:\\i22", "/data/run/data", "Z:\\i22\\run\\data\\")]
    [InlineData("/data", "/mnt", "/database/run", null)]
    public void A_folder_has_another_name_where_the_IOC_runs(string ours, string theirs, string folder, string? expected) =>
        Assert.Equal(expected, new AreaDetectorPaths(ours, theirs).TheirsOf(folder));

    private static Segment Segment => new("cam", 1, "data/cam.0001.h5", []);

    private static (bool Accepting, long Acquired) Armed(RecorderStatus status) => (status.Accepting, status.Acquired);

    private static HoconSettings Parse(string text) => new("d", HoconConfiguration.Parse(text, "f"));

    private static async Task<DetectorBench> ConnectedAsync(string more = "")
    {
        var bench = new DetectorBench(more);
        await bench.ConnectAsync();
        return bench;
    }
}
