using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>A control port that keeps what it is told and reports changes per connection, filled from a recorded session.</summary>
internal sealed class KeptServer
{
    private readonly List<string> _order = [];

    public Dictionary<string, string> Values { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, List<string>> Bodies { get; } = new(StringComparer.Ordinal);

    /// <summary>Answers to queries that are neither values nor changes.</summary>
    public Dictionary<string, string> Fixed { get; } = new(StringComparer.Ordinal);

    /// <summary>Everything that was written, in order.</summary>
    public List<string> Written { get; } = [];

    /// <summary>A field that the box does not report.</summary>
    public string? Hidden { get; set; }

    /// <summary>What a real box held when session 09 dumped it, and what session 02 told of its fields.</summary>
    public static KeptServer OfTheRecordings()
    {
        var server = new KeptServer();
        foreach (var (command, reply) in new RecordedSession("02").Exchanges().Concat(new RecordedSession("01").Exchanges()))
            if (command.EndsWith("?\n", StringComparison.Ordinal))
                server.Fixed[command.TrimEnd('\n')] = reply;
        server.Fixed["*PCAP.STATUS?"] = "OK =Idle 0 0\n";
        foreach (var (command, reply) in new RecordedSession("09").Exchanges()
            .Where(e => e.Command.StartsWith("*CHANGES.") && e.Reply != "OK\n"))
            foreach (var line in reply.Split('\n').Where(l => l.StartsWith('!')))
                server.Learn(PandAChange.Parse(line[1..])!);
        server.Bodies["SEQ1.TABLE"] = ["BQAXABj8//9kAAAAhAMAAA=="];
        return server;
    }

    public void Serve(IConnection connection)
    {
        var protocol = new PandAControlServerProtocol(100_000);
        connection.Start(
            bytes =>
            {
                protocol.Receive(bytes.Span);
                while (protocol.TryTake(out var request))
                    connection.Send(Encoding.UTF8.GetBytes(Answer(request.Line, [.. request.Body])));
            },
            _ => { });
    }

    private static string Multi(IEnumerable<string> lines) => string.Concat(lines.Select(l => $"!{l}\n")) + ".\n";

    private void Learn(PandAChange change)
    {
        _order.Add(change.Name);
        if (change is PandAChange.Value value)
            Values[value.Name] = value.Text;
        else
            Bodies[change.Name] = [];
    }

    private string Answer(string line, List<string> body)
    {
        if (line.IndexOf('<') is > 0 and var mark && !line.Contains('='))
        {
            Written.Add(line);
            Bodies[line[..mark]] = body;
            return "OK\n";
        }
        if (line.IndexOf('=') is > 0 and var at)
            return Set(line[..at], line[(at + 1)..]);
        var name = line.TrimEnd('?');
        if (line.StartsWith("*CHANGES.", StringComparison.Ordinal))
            return Multi(_order.Where(n => n != Hidden && Group(n) == name[9..])
                .Select(n => Bodies.ContainsKey(n) ? $"{n}<" : $"{n}={Values[n]}"));
        if (Bodies.TryGetValue(name.EndsWith(".B", StringComparison.Ordinal) ? name[..^2] : name, out var lines))
            return Multi(lines);
        return Values.TryGetValue(name, out var value) ? $"OK ={value}\n" : Fixed.GetValueOrDefault(line, "ERR No such field\n");
    }

    private string Set(string name, string value)
    {
        if (name.StartsWith("*CHANGES", StringComparison.Ordinal))
            return "OK\n";
        Written.Add($"{name}={value}");
        if (!Values.ContainsKey(name))
            return "ERR No such field\n";
        Values[name] = value;
        return "OK\n";
    }

    private string Group(string name) => name.StartsWith('*') ? "METADATA"
        : Bodies.ContainsKey(name) ? "TABLE"
        : name.Split('.').Length > 2 ? "ATTR"
        : "CONFIG";
}
