using System.Globalization;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>Sessions of real clients with real servers: what we read is what they printed, what we write is what they sent.</summary>
public sealed class RecordedSessionTests(ITestOutputHelper output)
{
    public static TheoryData<string> Sessions => [.. RecordedCaSession.Names.DefaultIfEmpty("")];

    [SharedTheory]
    [MemberData(nameof(Sessions))]
    public void Every_message_is_understood_and_encodes_to_the_same_bytes(string session)
    {
        var (requests, replies) = (0, 0);
        foreach (var message in RecordedCaSession.Read(session))
        {
            var decoded = message.Decode();
            // The repeater wakes its clients with a message of zeros, and one of base's clients registers with nothing at all.
            Assert.False(decoded is CaMessage.Unknown, $"{session}:{message.Line}: {decoded}");
            var buffer = new CaBuffer();
            decoded.WriteTo(buffer);
            Assert.True(
                message.Bytes.AsSpan().SequenceEqual(buffer.Written),
                $"{session}:{message.Line}: {decoded}\n{Convert.ToHexString(message.Bytes)}\n{Convert.ToHexString(buffer.Written)}");
            _ = message.IsFromClient ? requests++ : replies++;
        }
        output.WriteLine($"{session}: {requests} requests and {replies} replies re-encoded byte for byte");
        Assert.True(requests > 0);
    }

    [SharedTheory]
    [MemberData(nameof(Sessions))]
    public void Every_written_value_is_read_and_said_again_in_the_same_bytes(string session)
    {
        var count = 0;
        foreach (var message in RecordedCaSession.Read(session))
        {
            var (type, elements, data) = message.Decode() switch
            {
                CaMessage.Write m => (m.Type, m.Count, m.Data),
                CaMessage.WriteNotify m => (m.Type, m.Count, m.Data),
                _ => default,
            };
            if (data.IsEmpty || message.Left > 0)
                continue;
            // One character is an empty long string: the zero behind it.
            var value = type == Dbr.Char && elements == 1 ? new PvValue.Text("") : DbrReader.Read(type, elements, data.Span)!.Value;
            var said = DbrWriter.ForPut(value, type, (int)Math.Max(elements, 2));
            Assert.Equal((type, elements), (said!.Value.Type, said.Value.Count));
            Assert.Equal(Convert.ToHexString(data.Span), Convert.ToHexString(said.Value.Data).PadRight(data.Length * 2, '0'));
            count++;
        }
        output.WriteLine($"{session}: {count} written values");
    }

    [SharedTheory]
    [MemberData(nameof(Sessions))]
    public void Every_value_is_what_the_client_printed(string session)
    {
        var readings = Readings(session);
        var printed = RecordedSessions.Printed(session);
        var compared = session == "ca-02-get-meta" ? CompareBlocks(printed, readings) : CompareLines(session, printed, readings);
        output.WriteLine($"{session}: {readings.Count} values decoded, {compared} printed ones compared");
        Assert.True(compared > 0 || session is "ca-12-cancel-error-echo" or "ca-08-errors");
    }

    [SharedFact]
    public void The_layout_of_all_39_types_is_that_of_libca()
    {
        var rows = File.ReadLines(SharedData.PathOf("data/epics/dbr-layout.tsv")).Where(l => !l.StartsWith('#'))
            .Select(l => l.Split('\t')).ToList();
        Assert.Equal(Dbr.Types, rows.Count);
        foreach (var row in rows)
        {
            var type = ushort.Parse(row[0], CultureInfo.InvariantCulture);
            Assert.Equal((row[1], row[3], row[4]), (Dbr.NameOf(type), $"{Dbr.OffsetOf(type)}", $"{Dbr.ElementOf(type)}"));
            Assert.Equal(int.Parse(row[2], CultureInfo.InvariantCulture), Dbr.LengthOf(type, 1));
        }
    }

    /// <summary>Values that servers sent, with the name of their channel.</summary>
    private static List<(string Name, ushort Type, DbrData Data)> Readings(string session)
    {
        var names = new Dictionary<(string, uint), string>();
        var channels = new Dictionary<(string, uint), string>();
        var asked = new Dictionary<(string, ushort, uint), string>();
        var readings = new List<(string, ushort, DbrData)>();
        foreach (var message in RecordedCaSession.Read(session).Where(m => m.Transport != "udp"))
        {
            var on = message.Transport;
            switch (message.Decode())
            {
                case CaMessage.CreateChannel m:
                    names[(on, m.Cid)] = m.Name;
                    break;
                case CaMessage.ChannelCreated m:
                    channels[(on, m.Sid)] = names[(on, m.Cid)];
                    break;
                case CaMessage.ReadNotify m:
                    asked[(on, CaCommand.ReadNotify, m.Ioid)] = channels[(on, m.Sid)];
                    break;
                case CaMessage.EventAdd m:
                    asked[(on, CaCommand.EventAdd, m.Subscription)] = channels[(on, m.Sid)];
                    break;
                case CaMessage.ReadReply { Status: CaStatus.Normal } m:
                    Add(asked[(on, CaCommand.ReadNotify, m.Ioid)], m.Type, m.Count, m.Data, message);
                    break;
                case CaMessage.Event { Data.Length: > 0 } m:
                    Assert.Equal(CaStatus.Normal, m.Status);
                    Add(asked[(on, CaCommand.EventAdd, m.Subscription)], m.Type, m.Count, m.Data, message);
                    break;
            }
        }
        return readings;

        void Add(string name, ushort type, uint count, ReadOnlyMemory<byte> data, RecordedMessage message)
        {
            var read = DbrReader.Read(type, count, data.Span);
            Assert.True(read is not null, $"{session}:{message.Line}: {Dbr.NameOf(type)} with {count} values was not understood");
            readings.Add((name, type, read));
        }
    }

    private static int CompareLines(string session, IReadOnlyList<string> printed, List<(string Name, ushort Type, DbrData Data)> readings)
    {
        var compared = 0;
        foreach (var line in printed)
        {
            var text = line.Length > 6 && line[..6] is ("Old : " or "New : ") ? line[6..] : line;
            var words = text.Split(' ', 2);
            var ours = readings.Where(r => r.Name == words[0]).ToList();
            if (ours.Count == 0 || text.Contains("*** disconnected", StringComparison.Ordinal))
                continue;
            var rest = words.Length > 1 ? words[1].Trim() : "";
            var found = IsStamp(rest)
                ? ours.Any(r => Stamp(r.Data) == rest[..26] && Says(r.Data.Value, rest[26..].Trim(), line.Length))
                : ours.Any(r => Says(r.Data.Value, rest, line.Length));
            Assert.True(found, $"{session}: printed '{line}', decoded {string.Join(", ", ours.Select(o => o.Data.Value.AsText()))}");
            compared++;
        }
        return compared;
    }

    private static bool IsStamp(string text) => text.Length > 26 && text[4] == '-' && text[10] == ' ' && text[19] == '.';

    private static string Stamp(DbrData data) => data.StampNs is { } ns
        ? DateTimeOffset.UnixEpoch.AddMicroseconds((ns + 500) / 1000).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)
        : "";

    private static bool Says(PvValue value, string printed, int lineLength)
    {
        if (value is PvValue.Array<byte> or PvValue.Text)
            // The file of what was printed has the folder of the recording's machine cut off.
            return value.AsText() == printed || (printed.StartsWith('/') && value.AsText().EndsWith(printed, StringComparison.Ordinal));
        var words = printed.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (value is PvValue.Array<string> texts)
            return printed.TrimEnd() == $"{texts.Items.Length} {string.Join(' ', texts.Items)}".TrimEnd();
        if (value.Count == 1)
            return words.Length == 1 && (value.AsText() == words[0] || Same(value.AsNumber(), words[0]));
        // The recording cuts lines, perhaps in the middle of a number.
        var whole = lineLength >= 155 ? words[1..^1] : words[1..];
        return words[0] == $"{value.Count}" && whole.Zip(value.AsNumbers()).All(pair => Same(pair.Second, pair.First));
    }

    private static bool Same(double number, string printed) =>
        double.TryParse(printed, CultureInfo.InvariantCulture, out var said) && Math.Abs(said - number) <= 1e-5 * Math.Abs(number);

    /// <summary>caget -d prints a block for each read, in order.</summary>
    private static int CompareBlocks(IReadOnlyList<string> printed, List<(string Name, ushort Type, DbrData Data)> readings)
    {
        var (at, compared) = (-1, 0);
        foreach (var line in printed)
        {
            if (!line.StartsWith(' '))
            {
                at++;
                Assert.Equal(line, readings[at].Name);
                continue;
            }
            var colon = line.IndexOf(':');
            var (key, said) = colon < 0 ? ("", line.Trim()) : (line[..colon].Trim(), line[(colon + 1)..].Trim());
            if (key is "Native data type")
                continue;
            Assert.True(SaysField(readings[at], key, said), $"{readings[at].Name}: '{line}', decoded {readings[at].Data}");
            compared++;
        }
        Assert.Equal(readings.Count - 1, at);
        return compared;
    }

    private static bool SaysField((string Name, ushort Type, DbrData Data) reading, string key, string said)
    {
        var (data, m) = (reading.Data, reading.Data.Metadata);
        return key switch
        {
            "Request type" => Dbr.NameOf(reading.Type) == said,
            "Element count" => said == $"{data.Value.Count}",
            "Value" => data.Value.AsText() == said || (data.Value is PvValue.Choice c && $"{c.Index}" == said),
            "Class Name" => data.Value.AsText() == said,
            "Status" => data.Alarm.StatusName == said,
            "Severity" => data.Alarm.SeverityName == said,
            "Timestamp" => Stamp(data) == said,
            "Units" => m!.Units == said,
            "Precision" => $"{m!.Precision}" == said,
            "Lo disp limit" => Same(m!.Display.Low, said),
            "Hi disp limit" => Same(m!.Display.High, said),
            "Lo alarm limit" => Same(m!.AlarmLimits.Low, said),
            "Hi alarm limit" => Same(m!.AlarmLimits.High, said),
            "Lo warn limit" => Same(m!.WarningLimits.Low, said),
            "Hi warn limit" => Same(m!.WarningLimits.High, said),
            "Lo ctrl limit" => Same(m!.Control.Low, said),
            "Hi ctrl limit" => Same(m!.Control.High, said),
            "Enums" => said == $"( {m!.Choices.Count})",
            "" => m!.Choices.Select((choice, i) => $"[ {i}] {choice}").Contains(said),
            _ => false,
        };
    }
}
