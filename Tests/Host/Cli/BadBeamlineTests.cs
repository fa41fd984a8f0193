using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

/// <summary>Beamline files, folders and ports that cannot be used: what is said of them, and that nothing is left.</summary>
public sealed class BadBeamlineTests
{
    [Theory]
    [InlineData("velocity = 250,", "velocity = 250 mm,",
        "DIR/b.hocon:23: beamline.devices.motion.axes.x.velocity = 250 mm: must be a number between 1E-09 and 1000000000.")]
    [InlineData("low = -50, high = 50, velocity = 250", "low = 50, high = -50, velocity = 250",
        "DIR/b.hocon:23: beamline.devices.motion.axes.x.high = -50: must be a number between 50 and 1000000000.")]
    [InlineData("max-points = 200000", "max-point = 200000",
        "DIR/b.hocon:20: beamline.devices.motion.max-point: unknown key. Did you mean max-points? "
        + "Allowed: kind, host, port, min-segment, max-segment, max-points, axes.")]
    [InlineData("dead-time = 200 us", "dead-time = 200",
        "DIR/b.hocon:65: beamline.devices.cam.dead-time = 200: must be a duration with its unit (ns, us, ms, s, min, h) "
        + "between 0 ns and 1 min.")]
    [InlineData("min-exposure = 10 us", "min-exposure = 20 s",
        "DIR/b.hocon:67: beamline.devices.cam.max-exposure = 10 s: must be a duration with its unit (ns, us, ms, s, min, h) "
        + "between 20 s and 1 h.")]
    [InlineData("width = 64", "width = 0", "DIR/b.hocon:63: beamline.devices.cam.width = 0: must be a whole number between 4 and 8192.")]
    [InlineData("control-port = 8888", "control-port = 99999",
        "DIR/b.hocon:47: beamline.devices.panda.control-port = 99999: must be a whole number between 0 and 65535.")]
    [InlineData("options = Diff", "options = Dif",
        "DIR/b.hocon:57: beamline.devices.panda.detectors.diode.options = Dif: must be some of Value Diff Sum Min Max Mean StdDev, "
        + "each once, separated by blanks")]
    [InlineData("kind = virtual-camera", "kind = virtual-camra",
        "DIR/b.hocon:61: beamline.devices.cam.kind = virtual-camra: no such kind of device. Did you mean virtual-camera? "
        + "Known kinds: epics-area-detector, epics-motor, epics-panda, epics-shutter, epics-signal, epics-zebra, panda, pmac, "
        + "virtual-camera, virtual-motion, virtual-motor, virtual-ring, virtual-shutter, virtual-temperature, zebra.")]
    [InlineData("name = virtual", "name = ${flyscan-test.absent}",
        "DIR/b.hocon:4:10: ${flyscan-test.absent} is not set anywhere, nor in the environment; "
        + "write ${?flyscan-test.absent} if it may be absent.")]
    [InlineData("shutter { kind = virtual-shutter", "shutter kind = virtual-shutter", null)]
    public async Task A_beamline_file_that_is_wrong_is_refused_with_its_place(string right, string wrong, string? message)
    {
        using var place = new CliPlace();
        var text = await File.ReadAllTextAsync(CliPlace.Beamline);
        Assert.Contains(right, text);
        var file = place.Write("b.hocon", text.Replace(right, wrong));
        var request = place.Write("r.json", CliPlace.Good);
        foreach (var verb in new[] { "plan", "run" })
        {
            var answer = await place.RunAsync(verb, request, "--beamline", file, "--out", place.Data);
            Assert.Equal((2, ""), (answer.Code, answer.Output));
            if (message is not null)
                Assert.Equal($"flyscan: {message}\n", answer.Error);
            else
                Assert.Matches(@"^flyscan: DIR/b\.hocon:\d+:\d+: [^\n]+\n$", answer.Error);
        }
        Assert.Equal(["b.hocon", "r.json"], place.Entries);
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task A_data_folder_below_a_file_is_refused(string verb)
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", CliPlace.Good);
        Assert.Equal(
            new CliAnswer(
                2, "", "flyscan: the data folder DIR/r.json/data/x cannot be made: DIR/r.json is a file. Give another with --out.\n"),
            await place.RunAsync(verb, request, "--out", place.In("r.json/data/x")));
        Assert.Equal(["r.json"], place.Entries);
    }

    [Fact]
    public async Task A_data_folder_that_the_system_refuses_is_refused()
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", CliPlace.Good);
        var answer = await place.RunAsync("run", request, "--out", "/proc/flyscan/deeper", "--time-scale", "0", "--json");
        Assert.Equal(2, answer.Code);
        RunReportShape.CheckRefused(
            "the data folder /proc/flyscan/deeper cannot be written: Could not find file '/proc/flyscan'. "
            + "Give another with --out.",
            answer.Json());
    }

    [Fact]
    public async Task A_lock_that_cannot_be_written_is_refused()
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", CliPlace.Good);
        place.Write("data/lock/file", "");
        var answer = await place.RunAsync("run", request, "--out", place.Data, "--time-scale", "0", "--json");
        RunReportShape.CheckRefused(
            "the data folder DIR/data cannot be written: Access to the path 'DIR/data/lock' is denied. Give another with --out.",
            answer.Json());
        Assert.Equal(["data", "data/lock", "data/lock/file", "r.json"], place.Entries);
    }

    [Fact]
    public async Task A_runs_folder_that_cannot_be_made_is_refused_and_leaves_no_lock()
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", CliPlace.Good.Replace("\"request\": 1,", "\"request\": 1, \"pathTemplate\": \"runs/a/b\","));
        place.Write("data/runs", "");
        var answer = await place.RunAsync("run", request, "--out", place.Data, "--time-scale", "0", "--json");
        RunReportShape.CheckRefused(
            "the run's folder DIR/data/runs/a/b cannot be made: Could not find a part of the path 'DIR/data/runs/a/b/data'.",
            answer.Json());
        Assert.Equal(["data", "data/runs", "r.json"], place.Entries);
    }

    [Fact]
    public async Task A_runs_folder_that_is_there_is_refused()
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", CliPlace.Good.Replace("\"request\": 1,", "\"request\": 1, \"pathTemplate\": \"a\","));
        place.Write("data/a/precious", "");
        var answer = await place.RunAsync("run", request, "--out", place.Data, "--time-scale", "0");
        Assert.Equal(
            new CliAnswer(
                2, "", "flyscan: the run's folder DIR/data/a exists already; give a path template that names each run, as with {uid}\n"),
            answer);
        Assert.Equal(["data", "data/a", "data/a/precious", "r.json"], place.Entries);
    }

    [Fact]
    public async Task Hardware_that_cannot_be_reached_leaves_nothing_behind()
    {
        using var place = new CliPlace();
        var text = (await File.ReadAllTextAsync(CliPlace.Beamline)).Replace("name = virtual", "name = real")
            .Replace("${beamline.simulation.port}", Closed()).Replace("8888", Closed()).Replace("8889", Closed());
        var file = place.Write("b.hocon", System.Text.RegularExpressions.Regex.Replace(text, @"(?s)  simulation \{.*?\n  \}", ""));
        var answer = await place.RunAsync("run", place.Write("r.json", CliPlace.Good), "--beamline", file, "--out", place.Data, "--json");
        Assert.Equal((2, "refused"), (answer.Code, answer.Json().GetProperty("status").GetString()));
        Assert.StartsWith("not every device can be reached:\n  ", answer.Json().GetProperty("error").GetString());
        Assert.Equal(["b.hocon", "r.json"], place.Entries);
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var place = new CliPlace();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var text = (await File.ReadAllTextAsync(CliPlace.Beamline)).Replace("port = 9700", $"port = {port}")
            .Replace("control-port = 8888", "control-port = 0").Replace("data-port = 8889", "data-port = 0");
        Assert.Equal(
            new CliAnswer(
                2, "", $"flyscan: Cannot listen on 127.0.0.1:{port}: Address already in use. "
                    + "Is another virtual beamline running? --free-ports takes ports that are free.\n"),
            await place.RunAsync("virtual", "--beamline", place.Write("b.hocon", text)));
        Assert.Equal(["b.hocon"], place.Entries);
    }

    [Fact]
    public async Task A_ready_file_that_cannot_be_written_is_refused()
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("virtual", "--free-ports", "--ready-file", place.In("absent/ready"));
        Assert.Equal(
            new CliAnswer(
                2, "",
                "flyscan: --ready-file DIR/absent/ready cannot be written: Could not find a part of the path 'DIR/absent/ready.new'.\n"),
            answer);
    }

    [Fact]
    public async Task A_beamline_of_real_hardware_has_no_virtual_one()
    {
        using var place = new CliPlace();
        var text = System.Text.RegularExpressions.Regex.Replace(
            await File.ReadAllTextAsync(CliPlace.Beamline), @"(?s)  simulation \{.*?\n  \}", "")
            .Replace("${beamline.simulation.port}", "1");
        Assert.Equal(
            new CliAnswer(2, "", "flyscan: DIR/b.hocon has no beamline.simulation: it is a beamline of real hardware\n"),
            await place.RunAsync("virtual", "--beamline", place.Write("b.hocon", text)));
    }

    [Fact]
    public async Task A_crash_point_that_is_none_is_refused_before_anything_starts()
    {
        using var place = new CliPlace();
        var environment = new Dictionary<string, string> { ["FLYSCAN_KILL_AT"] = "HandedOver" };
        var request = place.Write("r.json", CliPlace.Good);
        var answer = await place.RunProcessAsync(environment, "run", request, "--out", place.Data, "--time-scale", "0", "--json");
        Assert.Equal(2, answer.Code);
        RunReportShape.CheckRefused(
            "FLYSCAN_KILL_AT = HandedOver: must be EVENT:before or EVENT:after, then perhaps :N, as in HandedOver:after:2.", answer.Json());
        Assert.Equal(["r.json"], place.Entries);
        Assert.Empty(place.Processes);
    }

    /// <summary>A port on which nobody listens.</summary>
    private static string Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
