using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>What a scan changes on the trigger box is put back, also where the process is killed between changing it and saying
/// so.</summary>
[Collection(KillCollection.Name)]
public sealed class PutBackKillTests
{
    private static readonly string[] Settings =
    [
        "SEQ1.REPEATS", "SEQ1.BITA", "SEQ1.BITB", "TTLOUT1.VAL", "PCAP.GATE", "PCAP.TRIG", "PCAP.TRIG_EDGE", "PCAP.SHIFT_SUM",
        "PCAP.ENABLE", "INENC1.VAL.SCALE", "INENC1.VAL.UNITS", "INENC1.VAL.CAPTURE", "INENC2.VAL.CAPTURE", "COUNTER1.OUT.CAPTURE",
    ];

    [Theory]
    [InlineData("Staged:before:1")]
    [InlineData("Staged:before:2")]
    [InlineData("SettingsFound:after:2")]
    [InlineData("HandedOver:after:1")]
    public async Task Settings_that_a_killed_process_changed_are_put_back_by_its_successor(string at)
    {
        using var folder = new DataFolder();
        // The beamline runs, and nothing is changed yet.
        Assert.Equal(FlyscanResult.Killed, (await folder.RunAsync(Requests.Small, "ScanSubmitted:after")).Code);
        using var box = await ConnectAsync(folder);
        foreach (var setting in (string[])["SEQ1.REPEATS=7", "PCAP.SHIFT_SUM=3", "INENC1.VAL.CAPTURE=Value", "COUNTER1.OUT.CAPTURE=Diff"])
            Assert.Equal("OK", await AskAsync(box, setting));
        var users = await SettingsAsync(box);
        var killed = await folder.ResumeAsync(at);
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        if (at is "Staged:before:2" or "HandedOver:after:1")
            Assert.NotEqual(users, await SettingsAsync(box));
        var ended = await folder.ResumeAsync("Finished:before");
        Assert.True(ended.Code == FlyscanResult.Killed, ended.ToString());
        Assert.Equal(users, await SettingsAsync(box));
        var finished = await folder.ResumeAsync();
        Assert.True(finished.Code == 0, finished.ToString());
        await RunChecker.FinishedAsync(folder);
    }

    private static async Task<TcpClient> ConnectAsync(DataFolder folder)
    {
        using var ready = JsonDocument.Parse(await File.ReadAllTextAsync(folder.VirtualFile));
        var address = ready.RootElement.GetProperty("Endpoints").GetProperty("panda.control-port").GetString()!;
        var colon = address.LastIndexOf(':');
        var client = new TcpClient();
        await client.ConnectAsync(address[..colon], int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture));
        return client;
    }

    private static async Task<IReadOnlyList<string>> SettingsAsync(TcpClient box)
    {
        var read = new List<string>();
        foreach (var setting in Settings)
            read.Add($"{setting} {await AskAsync(box, setting + "?")}");
        return read;
    }

    private static async Task<string> AskAsync(TcpClient box, string line)
    {
        var stream = box.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(line + "\n"));
        var said = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one) == 1 && one[0] != (byte)'\n')
            said.Add(one[0]);
        return System.Text.Encoding.ASCII.GetString([.. said]);
    }
}
