using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Ioc;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>What is not asked of every box: the records, their lag, the IOC's file.</summary>
public sealed class PandAIocDriverTests : IDisposable
{
    private const long Ms = PandAIocBench.Ms;
    private static readonly TakeMark Mark = new(0x2345_6789);
    private readonly PandAIocDriverBench _bench = new(PandAIocDriverBench.Usual);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void At_the_pace_of_a_real_IOC_a_take_is_whole_and_its_columns_are_scaled()
    {
        Stage();
        var now = _bench.Ioc.World.NowNs;
        // 2000 counts a second.
        _bench.Ioc.Box.X.Move((now, 0), (now + 100_000 * Ms, 200_000));
        Run(20);
        var flushed = _bench.Do(_bench.Driver.FlushAsync);
        Assert.Equal((20L, 20L), (flushed.Recorded, flushed.Acquired));
        Assert.Equal(20, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        var store = Assert.Single(_bench.Stores.Stores);
        Assert.True(store.Closed);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (double)i), store.Numbers("/COUNTER8.OUT.Value"));
        var x = store.Numbers("/INENC1.VAL.Mean");
        // 0.001 mm a count, a frame every 11 ms.
        Assert.All(x.Zip(x.Skip(1)), pair => Assert.Equal(0.022, pair.Second - pair.First, 0.001));
    }

    [Fact]
    public void Settings_are_put_back()
    {
        _bench.Ioc.Ask("PULSE1.WIDTH=1");
        string[] names = ["SEQ1.BITA", "PCAP.TRIG", "TTLOUT1.VAL", "INENC1.VAL.SCALE", "COUNTER8.START", "COUNTER8.ENABLE", "*CAPTURE"];
        var before = names.Select(n => _bench.Ioc.Ask($"{n}?")).ToList();
        _bench.Do(_bench.Driver.ConnectAsync);
        var session = _bench.Do(c => _bench.Driver.StageAsync(PandABench.Staging(), c));
        Assert.NotEqual(before, names.Select(n => _bench.Ioc.Ask($"{n}?")));
        Assert.Equal("OK =SEQ1.OUTA", _bench.Ioc.Ask("COUNTER8.TRIG?"));
        Assert.Equal(0, _bench.Do(c => _bench.Driver.UnstageAsync(session.Restore, c)));
        Assert.Equal(before, names.Select(n => _bench.Ioc.Ask($"{n}?")));
        Assert.Equal("0", _bench.Ioc.Text("DATA:CAPTURE"));
    }

    [Fact]
    public void The_table_that_the_box_holds_is_the_programmes_and_an_heir_knows_it()
    {
        Stage();
        var programme = PandABench.Burst(1000);
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, programme, c));
        Assert.StartsWith("OK =WAIT_ENABLE", _bench.Ioc.Ask("SEQ1.STATE?"));
        var words = _bench.Ioc.Ask("SEQ1.TABLE.LENGTH?");
        Assert.NotEqual("OK =0", words);
        _bench.Ioc.Network.Cut();
        _bench.Ioc.Pass(Ms);
        var heir = _bench.NewDriver();
        _bench.Do(heir.ConnectAsync);
        Assert.Equal(Mark, _bench.Do(heir.GetBoxStatusAsync).Mark);
    }

    [Fact]
    public void What_somebody_else_sets_during_a_scan_is_named()
    {
        Stage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, PandABench.Burst(10), c));
        _bench.Ioc.Ask("PCAP.GATE=ONE");
        _bench.Ioc.Pass(1000 * Ms);
        Assert.Equal(
            "somebody else set PCAP.GATE to ONE during the scan; it was SEQ1.OUTA", _bench.Do(_bench.Driver.GetStatusAsync).Fault);
    }

    [Fact]
    public void A_write_that_the_box_refuses_fails_although_the_IOC_answers_it()
    {
        using var control = _bench.Ioc.Run(() => PandAIocControl.OpenAsync(
            _bench.Settings, _bench.Ioc.NewClient(), _bench.Ioc.World, _ => { }, CancellationToken.None));
        var replies = _bench.Ioc.Run(() => control.SendAsync(
            [PandACommand.Set("SEQ1.BITA", "TTLIN1.VAL"), PandACommand.Set("SEQ1.BITA", "NOSUCH"), PandACommand.Set("SEQ1.NO", "1")],
            CancellationToken.None));
        Assert.Equal(
            [
                new PandAReply.Ok(),
                new PandAReply.Refused("it holds TTLIN1.VAL afterwards: the box refused it, and the log of its IOC says why"),
                new PandAReply.Refused("TEST:PANDA has no record for it"),
            ],
            replies);
    }

    [Fact]
    public void Times_are_written_in_ticks_whatever_units_a_record_has()
    {
        using var control = _bench.Ioc.Run(() => PandAIocControl.OpenAsync(
            _bench.Settings, _bench.Ioc.NewClient(), _bench.Ioc.World, _ => { }, CancellationToken.None));
        foreach (var units in new[] { "s", "ms", "us" })
        {
            _bench.Ioc.Put("PULSE1:WIDTH:UNITS", units);
            var replies = _bench.Ioc.Run(() => control.SendAsync(
                [PandACommand.Set("PULSE1.WIDTH.RAW", "123456789"), PandACommand.Get("PULSE1.WIDTH.RAW")], CancellationToken.None));
            Assert.Equal([new PandAReply.Ok(), new PandAReply.Value("123456789")], replies);
            Assert.Equal("OK =123456789", _bench.Ioc.Ask("PULSE1.WIDTH.RAW?"));
        }
    }

    [Fact]
    public void A_capture_of_somebody_elses_is_not_ended()
    {
        var folder = Path.Combine(_bench.Folder, "scan", "elsewhere");
        Directory.CreateDirectory(folder);
        _bench.Ioc.Put("DATA:HDF_DIRECTORY", folder);
        _bench.Ioc.Put("DATA:HDF_FILE_NAME", "theirs.h5");
        _bench.Ioc.Put("DATA:CAPTURE", 1);
        _bench.Do(_bench.Driver.ConnectAsync);
        var problem = _bench.Problem(c => _bench.Driver.StageAsync(PandABench.Staging(), c));
        Assert.Contains("theirs.h5, which is not of this scan", problem);
        Assert.Equal("1", _bench.Ioc.Text("DATA:CAPTURE"));
    }

    [Fact]
    public void A_capture_that_a_dead_process_left_is_ended_and_its_file_kept()
    {
        Stage();
        Run(5);
        _bench.Ioc.Network.Cut();
        _bench.Ioc.Pass(Ms);
        var heir = _bench.NewDriver();
        _bench.Do(heir.ConnectAsync);
        _bench.Do(c => heir.StageAsync(PandABench.Staging(2), c));
        Assert.Equal(["panda.0001.h5", "panda.0002.h5"], _bench.Stores.Stores.Select(s => Path.GetFileName(s.Segment.Path)));
        Assert.Equal(5, _bench.Stores.Stores[0].Recorded);
    }

    [Fact]
    public void A_folder_that_the_IOC_cannot_write_into_is_named_before_anything_is_armed()
    {
        Directory.Delete(Path.Combine(_bench.Folder, "scan"), recursive: true);
        _bench.Do(_bench.Driver.ConnectAsync);
        var problem = _bench.Problem(c => _bench.Driver.StageAsync(PandABench.Staging(), c));
        Assert.Contains($"the IOC cannot write into {_bench.Folder}/scan/data", problem);
        Assert.Contains("path-map", problem);
        Assert.StartsWith("OK =Idle", _bench.Ioc.Ask("*PCAP.STATUS?"));
    }

    [Fact]
    public void An_IOC_that_dies_in_flight_leaves_what_it_wrote_and_the_session_is_gone()
    {
        var session = Stage();
        List<string> lost = [];
        _bench.Driver.Lost += lost.Add;
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, PandABench.Burst(200), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        _bench.Ioc.Pass(1000 * Ms);
        var told = _bench.Do(_bench.Driver.FlushAsync).Recorded;
        Assert.InRange(told, 50, 200);
        _bench.Ioc.StartIoc();
        _bench.Ioc.Pass(2000 * Ms);
        Assert.Contains("its IOC is gone", Assert.Single(lost));
        _bench.Do(_bench.Driver.ConnectAsync);
        Assert.Null(_bench.Do(c => _bench.Driver.AdoptAsync(PandABench.Staging(2), session.Session, told, c)));
        // The box flew on to its end; the next staging finds it with a capture that nobody writes, and ends that.
        _bench.Do(c => _bench.Driver.StageAsync(PandABench.Staging(2), c));
        Run(5);
        Assert.Equal(5, _bench.Do(_bench.Driver.FlushAsync).Recorded);
        Assert.True(_bench.Stores.Stores[0].Recorded >= told);
    }

    [Fact]
    public void A_writer_that_is_stopped_by_somebody_else_is_a_fault()
    {
        Stage();
        _bench.Ioc.Put("DATA:CAPTURE", 0);
        _bench.Ioc.Pass(1000 * Ms);
        var status = _bench.Do(_bench.Driver.GetStatusAsync);
        Assert.True(status.CannotWrite);
        Assert.Equal("the IOC stopped writing data/panda.0001.h5", status.Fault);
    }

    [Fact]
    public void Times_of_exposures_are_by_the_IOCs_clock()
    {
        var session = Stage();
        Run(5);
        _bench.Do(_bench.Driver.FlushAsync);
        var starts = _bench.Do(c => _bench.Driver.ExposureStartsAsync(0, 5, c));
        Assert.All(starts.Zip(starts.Skip(1)), pair => Assert.Equal(11 * Ms, pair.Second - pair.First));
        Assert.InRange(starts[0], session.ClockZeroNs!.Value, session.ClockZeroNs.Value + 60_000 * Ms);
    }

    [Fact]
    public void A_person_is_told_how_box_and_writer_stand()
    {
        Stage();
        Run(3);
        _bench.Do(_bench.Driver.FlushAsync);
        var facts = _bench.Ioc.Run(() => _bench.Driver.InspectAsync(CancellationToken.None)).ToDictionary(f => f.Name);
        Assert.All(facts.Values, f => Assert.Null(f.Alarm));
        Assert.Equal("PandA through its IOC TEST:PANDA", facts["box"].Value);
        Assert.Equal(("Busy 1 1", "3", "3"), (facts["*PCAP.STATUS"].Value, facts["*PCAP.CAPTURED"].Value, facts["DATA.NUM_CAPTURED"].Value));
        Assert.EndsWith("/scan/data/panda.0001.h5", facts["DATA.HDF_FULL_FILE_PATH"].Value);
        Assert.Equal("5 mm", facts["x"].Value);
    }

    private RecorderSession Stage()
    {
        _bench.Do(_bench.Driver.ConnectAsync);
        return _bench.Do(c => _bench.Driver.StageAsync(PandABench.Staging(), c));
    }

    private void Run(int frames)
    {
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, PandABench.Burst(frames), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        var done = _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, frames * 11 * Ms, c));
        Assert.Equal((frames, null), ((int)done.Triggered, done.Fault));
    }
}
