using System.Buffers.Binary;
using System.Text;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>What the C library writes to our server, and what it is told of it.</summary>
[Collection(CLibraryCollection.Name)]
public sealed class CLibraryWriteTests : IAsyncLifetime
{
    private readonly ServedOnLoopback _served = new();
    private CLibraryProcess _library = null!;

    public Task InitializeAsync()
    {
        if (CLibraryProcess.MissingReason is null)
            _library = CLibraryProcess.Start(_served.Port);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        if (_library is not null)
            await _library.DisposeAsync();
        _served.Dispose();
    }

    [CLibraryFact]
    public async Task A_number_arrives_whatever_type_it_is_sent_as()
    {
        foreach (var (native, name) in new[] { (Dbr.Double, "D"), (Dbr.Float, "F"), (Dbr.Long, "L"), (Dbr.Short, "S"), (Dbr.Char, "C") })
        {
            var pv = _served.Serve(name, native, new PvValue.Integer(0));
            var channel = await _library.ConnectAsync(name);
            for (ushort type = Dbr.String, number = 40; type <= Dbr.Double; type++, number++)
            {
                Assert.Equal(CaLibraryNormal, await _library.PutAsync(channel, type, 1, Sent(type, number)));
                Assert.Equal((name, type, (double)number), (name, type, pv.Value.AsNumber()));
            }
        }
        await _library.EndAsync();
    }

    [CLibraryFact]
    public async Task A_choice_is_written_by_its_text_and_by_its_index_and_no_other_is_taken()
    {
        var pv = _served.Serve("E", Dbr.Enum, new PvValue.Choice(0, "Internal"));
        pv.Metadata = pv.Metadata with { Choices = ["Internal", "Edge", "Level"] };
        var channel = await _library.ConnectAsync("E");
        Assert.Equal(CaLibraryNormal, await _library.PutAsync(channel, Dbr.String, 1, Text("Level")));
        Assert.Equal(new PvValue.Choice(2, "Level"), pv.Value);
        Assert.Equal(CaLibraryNormal, await _library.PutAsync(channel, Dbr.Enum, 1, Sent(Dbr.Enum, 1)));
        Assert.Equal(new PvValue.Choice(1, "Edge"), pv.Value);
        Assert.Equal(CaLibraryNormal, await _library.PutAsync(channel, Dbr.Double, 1, Sent(Dbr.Double, 0)));
        Assert.Equal(new PvValue.Choice(0, "Internal"), pv.Value);
        Assert.Equal((int)CaStatus.PutFail, await _library.PutAsync(channel, Dbr.String, 1, Text("Bogus")));
        Assert.Equal((int)CaStatus.PutFail, await _library.PutAsync(channel, Dbr.Enum, 1, Sent(Dbr.Enum, 3)));
        Assert.Equal(new PvValue.Choice(0, "Internal"), pv.Value);
    }

    [CLibraryFact]
    public async Task A_long_string_is_written_and_read_whole()
    {
        var pv = _served.Serve("T", Dbr.String, new PvValue.Text("short"));
        var characters = await _library.ConnectAsync("T.VAL$");
        var about = await _library.AboutAsync(characters);
        Assert.Equal((Dbr.Char, 256), (about.Type, about.Count));
        var text = string.Join(' ', Enumerable.Range(0, 30).Select(i => $"word{i}"));
        byte[] sent = [.. Encoding.ASCII.GetBytes(text), 0];
        Assert.Equal(CaLibraryNormal, await _library.PutAsync(characters, Dbr.Char, sent.Length, sent));
        Assert.Equal(text, pv.Value.AsText());
        var read = await _library.GetAsync(characters, Dbr.Char, 0);
        Assert.Equal(text, EpicsText.Read(read.Data));
        Assert.Equal(text.Length + 1, read.Count);
        // All of it, as programs do that know no dynamic arrays: zeros behind.
        Assert.Equal(text, EpicsText.Read((await _library.GetAsync(characters, Dbr.Char, 256)).Data));
        var cut = CStructure.Read(await _library.GetAsync(await _library.ConnectAsync("T"), Dbr.String, 1), 0);
        Assert.Equal(text[..39], cut.Texts[0]);
    }

    [CLibraryFact]
    public async Task Arrays_that_need_the_long_header_go_both_ways()
    {
        var pv = _served.Serve("W", Dbr.Double, new PvValue.Array<double>([]), 200_000);
        var channel = await _library.ConnectAsync("W");
        var empty = await _library.GetAsync(channel, Dbr.Double, 0);
        Assert.Equal((CaLibraryNormal, 0), (empty.Status, empty.Count));
        foreach (var count in new[] { 1, 2_048, 8_189, 8_190, 8_192, 65_535, 65_536, 200_000 })
        {
            double[] values = [.. Enumerable.Range(0, count).Select(i => i * 0.5 - 7)];
            var bytes = new byte[8 * count];
            for (var i = 0; i < count; i++)
                BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8 * i), values[i]);
            Assert.Equal(CaLibraryNormal, await _library.PutAsync(channel, Dbr.Double, count, bytes));
            Assert.Equal(values, pv.Value.AsNumbers());
            var read = await _library.GetAsync(channel, Dbr.Double, 0);
            Assert.Equal((CaLibraryNormal, count), (read.Status, read.Count));
            Assert.True(bytes.AsSpan().SequenceEqual(read.Data));
        }
        // The library itself refuses more than the channel has.
        Assert.Equal((int)CaStatus.BadCount, (await _library.GetAsync(channel, Dbr.Double, 200_001)).Status);
    }

    [CLibraryFact]
    public async Task A_move_is_answered_when_it_has_ended_and_a_second_one_after_it()
    {
        var record = new MotorRecord(_served.Server, new MotorRecordSettings("MOT", "mm", -20, 20, 10, 0.1, 0.001));
        _served.Server.Add(record.Record);
        var motor = await _library.ConnectAsync("MOT.VAL");
        var done = await _library.ConnectAsync("MOT.DMOV");
        var first = _library.PutAsync(motor, Dbr.Double, 1, Sent(Dbr.Double, 5));
        var second = _library.PutAsync(motor, Dbr.Double, 1, Sent(Dbr.Double, -5));
        Assert.Equal(0, await NumberAsync(done));
        Assert.False(first.IsCompleted);
        await PassUntilAsync(first);
        Assert.Equal(5, record.Position, 0.01);
        await PassUntilAsync(second);
        Assert.Equal(-5, record.Position, 0.01);
        Assert.Equal((CaLibraryNormal, CaLibraryNormal, 1), (await first, await second, await NumberAsync(done)));
    }

    [CLibraryFact]
    public async Task Every_record_says_its_name_and_type_and_takes_a_description()
    {
        _served.Serve("BL:RECORD", Dbr.Double, new PvValue.Number(0));
        var (name, type) = (await _library.ConnectAsync("BL:RECORD.NAME"), await _library.ConnectAsync("BL:RECORD.RTYP"));
        var description = await _library.ConnectAsync("BL:RECORD.DESC");
        Assert.Equal(CaLibraryNormal, await _library.PutAsync(description, Dbr.String, 1, Text("what it is")));
        Assert.Equal(("BL:RECORD", "ao", "what it is"), (await TextAsync(name), await TextAsync(type), await TextAsync(description)));
        Assert.Equal((false, true), ((await _library.AboutAsync(type)).MayWrite, (await _library.AboutAsync(description)).MayWrite));

        async Task<string> TextAsync(int channel) => CStructure.Read(await _library.GetAsync(channel, Dbr.String, 1), 0).Texts[0];
    }

    [CLibraryFact]
    public async Task Rights_are_told_and_a_field_that_is_only_read_is_not_written()
    {
        var pv = _served.Serve("R", Dbr.Double, new PvValue.Number(3));
        pv.IsWritable = false;
        var channel = await _library.ConnectAsync("R");
        Assert.False((await _library.AboutAsync(channel)).MayWrite);
        Assert.Equal((int)CaStatus.NoWriteAccess, await _library.PutAsync(channel, Dbr.Double, 1, Sent(Dbr.Double, 4)));
        Assert.Equal((int)CaStatus.NoWriteAccess, await _library.WriteAsync(channel, Dbr.Double, 1, Sent(Dbr.Double, 4)));
        Assert.Equal(3, pv.Value.AsNumber());
        _served.Server.SetWritable(pv, true);
        while (await _library.ToldAsync("rights", channel) != "3")
        {
        }
        Assert.True((await _library.AboutAsync(channel)).MayWrite);
        Assert.Equal(CaLibraryNormal, await _library.PutAsync(channel, Dbr.Double, 1, Sent(Dbr.Double, 4)));
        Assert.Equal(4, pv.Value.AsNumber());
    }

    [CLibraryFact]
    public async Task A_refused_write_that_nobody_waits_for_raises_the_library_s_exception()
    {
        var pv = _served.Serve("N", Dbr.Double, new PvValue.Number(3));
        var channel = await _library.ConnectAsync("N");
        Assert.Equal(CaLibraryNormal, await _library.WriteAsync(channel, Dbr.String, 1, Text("no number")));
        Assert.StartsWith($"{CaStatus.PutFail} ", await _library.Exceptions.ReadAsync());
        Assert.Equal(CaLibraryNormal, await _library.WriteAsync(channel, Dbr.String, 1, Text("8.5")));
        await ServedOnLoopback.UntilAsync(() => pv.Value.AsNumber() == 8.5, "the second write");
    }

    private const int CaLibraryNormal = Flyscan.LibCa.CaLibrary.Normal;

    private async Task<double> NumberAsync(int channel) =>
        CStructure.Read(await _library.GetAsync(channel, Dbr.Double, 1), 0).Numbers[0];

    private async Task PassUntilAsync(Task ended)
    {
        for (var passed = 0; passed < 100 && !ended.IsCompleted; passed++)
        {
            _served.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }
        Assert.True(ended.IsCompleted, "the move has not ended in 10 s");
    }

    private static byte[] Text(string text) => Encoding.ASCII.GetBytes(text.PadRight(40, '\0'));

    /// <summary>A number as C programs have it.</summary>
    private static byte[] Sent(ushort type, double number) => type switch
    {
        Dbr.String => Text(number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Dbr.Short or Dbr.Enum => BitConverter.GetBytes((short)number),
        Dbr.Float => BitConverter.GetBytes((float)number),
        Dbr.Char => [(byte)number],
        Dbr.Long => BitConverter.GetBytes((int)number),
        _ => BitConverter.GetBytes(number),
    };
}
