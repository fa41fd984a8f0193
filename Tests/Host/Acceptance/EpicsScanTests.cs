using System.Net;
using System.Net.Sockets;
using Flyscan.Scanning.Runs;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Scans whose outer axis and beam signal are EPICS records over the wire, and whose box speaks its own protocol.</summary>
[Collection(ProcessCollection.Name)]
public sealed class EpicsScanTests(ITestOutputHelper output) : IDisposable
{
    private readonly DataFolder _folder = new(timeScale: 1);
    private readonly int _port = FreePort();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_scan_with_EPICS_devices_finishes()
    {
        using var ioc = StartIoc();
        using var run = StartRun(Requests.Grid(3, 4, 16, 0.005));
        var result = await run.EndAsync();
        Assert.True(result.Code == 0, result.ToString());
        await RunChecker.FinishedAsync(_folder);
        Assert.Equal(0, result.Json.GetProperty("superseded").GetInt64());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_IOC_that_is_killed_in_mid_scan_suspends_it_and_every_frame_is_committed_once(int flight)
    {
        var ioc = StartIoc();
        using var run = StartRun(Requests.Grid(3, 6, 16, 0.02));
        await _folder.UntilAsync<ScanEvent.FlightStarted>(run, flight);
        ioc.Kill();
        ioc.Dispose();
        await _folder.UntilAsync<ScanEvent.HoldSet>(run);
        using var again = StartIoc();
        var result = await run.EndAsync();
        Assert.True(result.Code == 0, result.ToString());
        var events = await RunChecker.FinishedAsync(_folder);
        output.WriteLine(string.Join("\n", events.OfType<ScanEvent.HoldSet>().Select(h => h.ToString())));
        output.WriteLine(result.Json.ToString());
        Assert.NotEmpty(events.OfType<ScanEvent.HoldCleared>());
    }

    private FlyscanProcess StartIoc() => FlyscanProcess.Start(null, "virtual-ioc", "--beamline", BeamlineFile(), "--port", $"{_port}");

    private FlyscanProcess StartRun(string request)
    {
        var file = Path.Combine(_folder.Path, "asked.json");
        File.WriteAllText(file, request);
        return FlyscanProcess.Start(null, "run", file, "--beamline", BeamlineFile(), "--out", _folder.Path, "--json");
    }

    /// <summary>The virtual beamline with its outer axis, ring and shutter served by an IOC.</summary>
    private string BeamlineFile()
    {
        var file = Path.Combine(_folder.Path, "epics.hocon");
        if (File.Exists(file))
            return file;
        var whole = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon"));
        var z = whole.IndexOf("    z {", StringComparison.Ordinal);
        var temperature = whole.IndexOf("    temperature {", StringComparison.Ordinal);
        var shutter = whole.IndexOf("    shutter {", StringComparison.Ordinal);
        var devicesEnd = whole.IndexOf("  }\n\n  # No frame", StringComparison.Ordinal);
        Assert.True(z > 0 && temperature > z && shutter > temperature && devicesEnd > shutter, "virtual.hocon has another shape");
        File.WriteAllText(file, whole[..z] + """
                z {
                  kind = epics-motor, pv = "TEST:Z", tolerance = 0.001
                  unit = mm, low = -20, high = 20, velocity = 20, acceleration = 200, settle = 10 ms
                }

            """ + whole[temperature..shutter] + """
                shutter { kind = epics-shutter, pv = "TEST:SHUTTER", readback-pv = "TEST:SHUTTER:STATUS", lead = 5 ms }
                ring { kind = epics-signal, pv = "TEST:RING", unit = mA }

            """ + whole[devicesEnd..].Replace(
                "  # No frame", $"  epics {{ addresses = [\"127.0.0.1:{_port}\"] }}\n\n  # No frame", StringComparison.Ordinal));
        return file;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
