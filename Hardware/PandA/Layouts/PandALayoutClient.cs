using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Layouts;

/// <summary>Reads and restores a box's whole configuration over a connection of its own.</summary>
/// <remarks>All answer an outcome; nothing is thrown for what a box or a network does.</remarks>
public sealed class PandALayoutClient(IConnector connector, IClock clock, string host, int port)
{
    /// <summary>Writes in one piece; the server answers one by one.</summary>
    private const int Batch = 500;
    private static readonly string[] Groups = ["ATTR", "CONFIG", "TABLE", "METADATA"];

    /// <summary>The configuration as it is.</summary>
    public Task<Outcome<PandALayout>> ReadAsync(CancellationToken cancel) => TalkAsync(async control =>
    {
        var info = await PandABoxInfo.AskAsync(control, null, cancel);
        return await ReadAsync(control, info, cancel);
    }, cancel);

    /// <summary>Restores a layout and reads it back; the lines say what could not be restored, or reads otherwise.</summary>
    /// <remarks>First everything is checked, and a layout that the box would take and hold as something else is refused. Then all ENABLE
    /// inputs that the layout sets are set to ZERO, units are set before values, tables after them, and ENABLE inputs last.</remarks>
    public Task<Outcome<EquatableArray<string>>> RestoreAsync(PandALayout layout, CancellationToken cancel) => TalkAsync(async control =>
    {
        var info = await PandABoxInfo.AskAsync(control, null, cancel);
        var status = (await control.DoAsync(cancel, PandACommand.Get("*PCAP.STATUS")))[0];
        if (PandACaptureStatus.Parse(status) is not { IsFree: true })
            throw new RefusedLayoutException($"a capture is under way (status {status}); end it first");
        var units = layout.Values.Where(v => v.Name.EndsWith(".UNITS", StringComparison.Ordinal)).ToLookup(v => v.Name, v => v.Value);
        var problems = layout.Values.Select(v => info.Problem(v.Name, v.Value, units[$"{v.Name}.UNITS"].FirstOrDefault("")))
            .OfType<string>().ToList();
        if (problems.Count > 0)
            throw new RefusedLayoutException(
                $"{problems.Count} settings cannot be restored, nothing was written: {string.Join("; ", problems.Take(5))}");
        var refused = await WriteAsync(control, Commands(layout), cancel);
        var differences = PandALayout.Differences(layout, await ReadAsync(control, info, cancel))
            .Where(d => !d.Contains(": not in the file, ", StringComparison.Ordinal));
        return refused.Concat(differences).ToEquatableArray();
    }, cancel);

    /// <summary>What the box is and does: identity, blocks, capture, clients.</summary>
    public Task<Outcome<EquatableArray<string>>> DescribeAsync(CancellationToken cancel) => TalkAsync(async control =>
    {
        var info = await PandABoxInfo.AskAsync(control, null, cancel);
        var answers = await control.DoAsync(
            cancel, PandACommand.Get("*PCAP.STATUS"), PandACommand.Get("*PCAP.CAPTURED"), PandACommand.Get("*PCAP.COMPLETION"),
            PandACommand.Get("*CAPTURE"), PandACommand.Get("*WHO"));
        var lines = new List<string>
        {
            info.Identity, $"clock tick {info.TickNs} ns",
            $"blocks {string.Join(", ", info.Blocks.OrderBy(b => b.Name, StringComparer.Ordinal).Select(b => $"{b.Name} x{b.Count}"))}",
            $"capture {answers[0]} (state, data clients, those still taking data), {answers[1]} samples, last ended: {answers[2]}",
        };
        lines.AddRange(answers[3].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => $"captured {l}"));
        lines.AddRange(answers[4].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => $"client {l.TrimEnd()}"));
        var health = info.Blocks.SelectMany(b => Enumerable.Range(1, b.Count).Select(n => $"{b.Name}{n}.HEALTH"))
            .Where(name => info.Find(name) is not null).ToList();
        var replies = await control.SendAsync([.. health.Select(PandACommand.Get)], cancel);
        for (var i = 0; i < replies.Length; i++)
            if (replies[i] is PandAReply.Value { Text: not "OK" } bad)
                lines.Add($"{health[i]} {bad.Text}");
        return lines.ToEquatableArray();
    }, cancel);

    private static IEnumerable<PandACommand> Commands(PandALayout layout)
    {
        var enables = layout.Values.Where(v => PandALayout.IsEnable(v.Name)).ToList();
        foreach (var (name, _) in enables)
            yield return PandACommand.Set(name, "ZERO");
        foreach (var (name, value) in layout.Values.Where(v => !PandALayout.IsEnable(v.Name)))
            yield return PandACommand.Set(name, value);
        foreach (var (name, lines) in layout.Bodies)
            yield return PandALayout.IsText(name) ? PandACommand.Text(name, lines) : PandACommand.Table(name, lines);
        foreach (var (name, value) in enables)
            yield return PandACommand.Set(name, value);
    }

    private static async Task<List<string>> WriteAsync(
        PandAControlClient control, IEnumerable<PandACommand> commands, CancellationToken cancel)
    {
        var refused = new List<string>();
        foreach (var batch in commands.Chunk(Batch))
        {
            var replies = await control.SendAsync(batch, cancel);
            for (var i = 0; i < replies.Length; i++)
                if (replies[i] is PandAReply.Refused no)
                    refused.Add($"{batch[i].Line}: refused by the box: {no.Reason}");
        }
        return refused;
    }

    private static async Task<PandALayout> ReadAsync(PandAControlClient control, PandABoxInfo info, CancellationToken cancel)
    {
        var cursors = Groups.Select(g => PandACommand.Set($"*CHANGES.{g}", "S"));
        var replies = await control.SendAsync([.. cursors, .. Groups.Select(g => PandACommand.Get($"*CHANGES.{g}"))], cancel);
        if (replies.OfType<PandAReply.Refused>().FirstOrDefault() is { } refused)
            throw new IOException($"the box does not say what it is set to: {refused.Reason}");
        var lines = replies.OfType<PandAReply.Lines>().SelectMany(r => r.Items).ToList();
        var changes = lines.Select(l => PandAChange.Parse(l) ?? throw new IOException($"not a line of *CHANGES: {l}")).ToList();
        var named = changes.OfType<PandAChange.Table>().Select(t => t.Name).Distinct().ToList();
        var contents = await control.SendAsync(
            [.. named.Select(n => PandACommand.Get(PandALayout.IsText(n) ? n : $"{n}.B"))], cancel);
        var bodies = named.Zip(contents).ToDictionary(
            p => p.First, p => p.Second is PandAReply.Lines { Items: var items } ? items : [], StringComparer.Ordinal);
        return PandALayout.Of(info.Identity, changes, bodies);
    }

    private async Task<Outcome<T>> TalkAsync<T>(Func<PandAControlClient, Task<T>> talk, CancellationToken cancel)
    {
        try
        {
            var connection = await connector.ConnectAsync(host, port, cancel);
            using var control = new PandAControlClient(connection, clock, new PandAControlLimits(), _ => { });
            return new Outcome<T>.Completed(await talk(control));
        }
        catch (RefusedLayoutException refused)
        {
            return new Outcome<T>.Refused($"{host}:{port}: {refused.Message}");
        }
        catch (TimeoutException late)
        {
            return new Outcome<T>.TimedOut($"{host}:{port}: {late.Message}", new PandAControlLimits().ReplyWithinNs);
        }
        catch (Exception failed) when (failed is IOException or ArgumentException)
        {
            return new Outcome<T>.Failed($"{host}:{port}: {failed.Message}");
        }
        catch (OperationCanceledException)
        {
            return new Outcome<T>.Cancelled();
        }
    }

    private sealed class RefusedLayoutException(string message) : Exception(message);
}
