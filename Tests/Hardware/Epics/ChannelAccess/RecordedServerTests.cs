using System.Net;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>Our server in the place of the real one of the recordings: asked what the C library asked that one, it answers the same.
/// </summary>
public sealed class RecordedServerTests(ITestOutputHelper output)
{
    public static TheoryData<string> Sessions => [.. RecordedCaSession.Names.DefaultIfEmpty("")];

    [SharedTheory]
    [MemberData(nameof(Sessions))]
    public void Every_request_of_the_C_library_is_answered_as_the_real_server_did(string session)
    {
        var messages = RecordedCaSession.Read(session);
        var wrong = new List<string>();
        var (same, absent) = (0, 0);
        foreach (var circuit in messages.Where(m => m.Transport.StartsWith("tcp", StringComparison.Ordinal)).GroupBy(m => m.Transport))
        {
            var replay = new CircuitReplay([.. circuit]);
            replay.Run();
            wrong.AddRange(replay.Wrong);
            same += replay.Same;
            absent += replay.Absent;
        }
        output.WriteLine($"{session}: {same} answers as recorded, {absent} that the recording left out");
        // One recording lacks the answer of 1.6 MB, and the end of its channel.
        Assert.Equal(session.StartsWith("ca-07", StringComparison.Ordinal) ? 2 : 0, absent);
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join('\n', wrong.Take(40))}");
    }

    [SharedTheory]
    [MemberData(nameof(Sessions))]
    public async Task Every_search_of_the_C_library_is_answered_with_the_real_server_s_bytes(string session)
    {
        const int Port = 15064;
        await using var bench = new CaBench();
        var messages = RecordedCaSession.Read(session).Where(m => m is { Transport: "udp", Direction: "C>S" or "S>C" }).ToList();
        foreach (var name in Found(messages))
            ServeField(bench.Server, ServedFilter.NameOf(name).TrimEnd('$').Split('.'));
        bench.Server.ListenForSearches(bench.Datagrams.Open(IPAddress.Loopback, Port), Port);
        var (asked, answered, recorded) = (new List<byte>(), new List<byte>(), new List<byte>());
        using var client = bench.Datagrams.Open(IPAddress.Loopback, 0);
        client.Start((bytes, _) => answered.AddRange(bytes.ToArray()));
        foreach (var message in messages)
        {
            if (message.IsFromClient && message.Decode() is CaMessage.Version)
                Ask();
            (message.IsFromClient ? asked : recorded).AddRange(message.Bytes);
        }
        Ask();
        output.WriteLine($"{session}: {recorded.Count} bytes of answers to searches");
        Assert.Equal(Convert.ToHexString([.. recorded]), Convert.ToHexString([.. answered]));

        void Ask()
        {
            client.Send([.. asked], new IPEndPoint(IPAddress.Loopback, Port));
            asked.Clear();
            bench.Run();
        }
    }

    /// <summary>Names that the real server said it has. Clients number theirs alike, so that the last one asked is meant.</summary>
    private static IEnumerable<string> Found(List<RecordedMessage> messages)
    {
        var names = new Dictionary<uint, string>();
        foreach (var message in messages.Select(m => m.Decode()))
            if (message is CaMessage.Search search)
                names[search.Cid] = search.Name;
            else if (message is CaMessage.SearchReply reply)
                yield return names[reply.Cid];
    }

    private static void ServeField(CaServer server, string[] name)
    {
        var record = server.Find(name[0])?.Record ?? new ServedRecord(name[0], "ao");
        foreach (var field in new[] { "VAL", name.Length > 1 ? name[1] : "VAL" })
            record.Add(field, Dbr.String, new PvValue.Text(""));
        server.Add(record);
    }
}

/// <summary>One circuit of a recording with our server's side of it.</summary>
internal sealed class CircuitReplay
{
    private readonly IReadOnlyList<RecordedMessage> _messages;
    private readonly Dictionary<string, ServedPv> _served = [];
    private readonly Dictionary<uint, (string Name, uint Sid)> _channels = [];
    private readonly Dictionary<uint, ServedPv> _bySid = [];
    private readonly Dictionary<uint, uint> _ourSids = [];
    private readonly Dictionary<uint, ServedPv> _subscribed = [];
    private readonly HashSet<uint> _begun = [];
    private readonly List<(CaHeader Header, byte[] Payload)> _answers = [];
    private readonly CaServerCircuit _circuit;

    public CircuitReplay(IReadOnlyList<RecordedMessage> messages)
    {
        _messages = messages;
        _circuit = new CaServerCircuit(name => _served.GetValueOrDefault(name), _ => { }, 15064, () => 0);
        Learn();
    }

    public List<string> Wrong { get; } = [];

    public int Same { get; private set; }

    /// <summary>Answers of ours that the recording does not have.</summary>
    public int Absent { get; private set; }

    public void Run()
    {
        for (var i = 0; i < _messages.Count; i++)
            if (_messages[i].IsFromClient)
                Ask(_messages[i], i);
            else
                Compare(_messages[i]);
        Absent = _answers.Count;
    }

    /// <summary>What channels the real server had.</summary>
    private void Learn()
    {
        var names = _messages.Where(m => m.IsFromClient).Select(m => m.Decode()).OfType<CaMessage.CreateChannel>()
            .ToDictionary(m => m.Cid, m => m.Name);
        var said = _messages.Where(m => !m.IsFromClient).Select(m => m.Decode()).ToList();
        foreach (var created in said.OfType<CaMessage.ChannelCreated>())
        {
            var name = names[created.Cid];
            var record = new ServedRecord(name.Split('.')[0], "ao");
            var value = Initial(created.Type, (int)created.Count);
            var pv = record.Add("VAL", created.Type, value, (int)created.Count);
            pv.IsWritable = said.OfType<CaMessage.AccessRights>().First(r => r.Cid == created.Cid).Rights == 3;
            (_served[name], _channels[created.Cid], _bySid[created.Sid]) = (pv, (name, created.Sid), pv);
        }
    }

    private static PvValue Initial(ushort native, int most) => (native, most) switch
    {
        (Dbr.String, 1) => new PvValue.Text(""),
        (Dbr.Enum, 1) => new PvValue.Choice(0),
        (_, 1) => new PvValue.Number(0),
        (Dbr.String, _) => new PvValue.Array<string>([""]),
        (Dbr.Char, _) => new PvValue.Array<byte>([0]),
        _ => new PvValue.Array<double>([0]),
    };

    private void Ask(RecordedMessage message, int index)
    {
        var decoded = message.Decode();
        switch (decoded)
        {
            case CaMessage.ReadNotify m:
                Prepare(_bySid[m.Sid], CaCommand.ReadNotify, m.Ioid, index);
                decoded = m with { Sid = _ourSids[m.Sid] };
                break;
            case CaMessage.EventAdd m:
                _subscribed[m.Subscription] = _bySid[m.Sid];
                Prepare(_bySid[m.Sid], CaCommand.EventAdd, m.Subscription, index);
                decoded = m with { Sid = _ourSids[m.Sid] };
                break;
            case CaMessage.EventCancel m:
                decoded = m with { Sid = _ourSids[m.Sid] };
                break;
            case CaMessage.ClearChannel m:
                decoded = m with { Sid = _ourSids[m.Sid] };
                break;
            case CaMessage.Write m:
                decoded = m with { Sid = _ourSids[m.Sid] };
                break;
            case CaMessage.WriteNotify m:
                decoded = m with { Sid = _ourSids[m.Sid] };
                break;
        }
        var request = new CaBuffer();
        decoded.WriteTo(request);
        _circuit.Receive(request.Written.ToArray());
        Collect();
    }

    /// <summary>The record has what the real server's had when it answered.</summary>
    private void Prepare(ServedPv pv, ushort command, uint id, int index)
    {
        var answer = _messages.Skip(index).Where(m => !m.IsFromClient)
            .FirstOrDefault(m => m.Cut().Header is var h && h.Command == command && h.P2 == id);
        if (answer is not null)
            Take(pv, answer);
    }

    private void Take(ServedPv pv, RecordedMessage answer)
    {
        var (header, payload) = answer.Cut();
        if (header.P1 != CaStatus.Normal || DbrReader.Read(header.Type, header.Count, payload) is not { } data)
            return;
        if (data.Metadata is { } metadata)
            pv.Metadata = metadata;
        var value = data.Value;
        if (pv.Native == Dbr.Enum && value is PvValue.Text text)
            value = new PvValue.Choice(Math.Max(0, pv.Metadata.Choices.ToList().IndexOf(text.Value)), text.Value);
        pv.Post(value, data.StampNs ?? pv.StampNs, Dbr.FormOf(header.Type) == DbrForm.Plain ? pv.Alarm : data.Alarm);
        Collect();
    }

    private void Collect()
    {
        ReadOnlyMemory<byte> bytes = _circuit.Outgoing.Written.ToArray();
        _circuit.Outgoing.Clear();
        while (CaHeader.TryRead(bytes.Span, out var header) is var length and > 0)
        {
            _answers.Add((header, bytes.Slice(length, (int)header.Size).ToArray()));
            bytes = bytes[(length + (int)header.Size)..];
        }
    }

    private void Compare(RecordedMessage recorded)
    {
        var (header, payload) = recorded.Cut();
        var (ours, at) = (default((CaHeader Header, byte[] Payload)), IndexOf(header));
        // The first comes by itself, others when the record changes.
        if (at < 0 && header.Command == CaCommand.EventAdd && _begun.Contains(header.P2) && _subscribed.TryGetValue(header.P2, out var pv))
        {
            Take(pv, recorded);
            at = IndexOf(header);
        }
        if (at < 0)
        {
            Wrong.Add($"line {recorded.Line}: no answer {recorded.Decode()}");
            return;
        }
        if (header.Command == CaCommand.EventAdd)
            _begun.Add(header.P2);
        ours = _answers[at];
        _answers.RemoveAt(at);
        Learn(header, ours.Header);
        if (Differs(header, payload, recorded.Left > 0, ours) is { } problem)
            Wrong.Add($"line {recorded.Line}: {problem}\n  recorded {header}\n  ours     {ours.Header}");
        else
            Same++;
    }

    /// <summary>Channels have numbers of our own.</summary>
    private void Learn(CaHeader recorded, CaHeader ours)
    {
        if (recorded.Command == CaCommand.CreateChannel)
            _ourSids[recorded.P2] = ours.P2;
    }

    private int IndexOf(CaHeader recorded) => _answers.FindIndex(a => a.Header.Command == recorded.Command && recorded.Command switch
    {
        CaCommand.CreateChannel or CaCommand.AccessRights or CaCommand.CreateFailed or CaCommand.Error => a.Header.P1 == recorded.P1,
        _ => a.Header.P2 == recorded.P2,
    });

    private string? Differs(CaHeader header, byte[] payload, bool isCut, (CaHeader Header, byte[] Payload) ours)
    {
        var expected = header.Command switch
        {
            CaCommand.CreateChannel => header with { P2 = _ourSids[header.P2] },
            CaCommand.ClearChannel => header with { P1 = _ourSids[header.P1] },
            CaCommand.EventAdd when header.Size == 0 => header with { P1 = _ourSids[header.P1] },
            _ => header,
        };
        if (expected != ours.Header)
            return "another head";
        if (isCut || payload.Length == 0)
            return null;
        if (header.Command == CaCommand.Error)
            return CaMessage.FromServer(header, payload) is CaMessage.Error said
                && CaMessage.FromServer(ours.Header, ours.Payload) is CaMessage.Error error
                && (said.Request.Command, said.Text) == (error.Request.Command, error.Text) ? null : "another error";
        if (header.Command is not (CaCommand.ReadNotify or CaCommand.EventAdd))
            return null;
        // What the real server leaves in gaps of its structures means nothing.
        var (theirs, mine) = (DbrReader.Read(header.Type, header.Count, payload), DbrReader.Read(header.Type, header.Count, ours.Payload));
        return Equals(theirs, mine) ? null : $"another value\n  recorded {theirs}\n  ours     {mine}";
    }
}
