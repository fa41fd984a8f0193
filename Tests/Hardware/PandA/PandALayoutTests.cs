using Flyscan.Hardware.PandA.Layouts;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Saving, comparing and restoring the configuration of a box, on what a real one held when session 09 was recorded.</summary>
public sealed class PandALayoutTests
{
    private const int Port = 8888;

    [SharedFact]
    public void A_saved_layout_reads_back_as_the_same()
    {
        var layout = Read(KeptServer.OfTheRecordings());
        var text = layout.ToText();
        Assert.Equal(text, PandALayout.Parse(text).ToText());
        Assert.Empty(PandALayout.Differences(PandALayout.Parse(text), layout));
        Assert.Contains("\n# PandA SW: 4.1-dirty", text);
        Assert.Contains("\nSEQ1.PRESCALE.UNITS=us\n", text);
        Assert.Contains("\nSEQ1.TABLE<B\nBQAXABj8//9kAAAAhAMAAA==\n\n", text);
        Assert.True(
            text.IndexOf("SEQ1.PRESCALE.UNITS=us", StringComparison.Ordinal) < text.IndexOf("SEQ1.PRESCALE=1", StringComparison.Ordinal));
        Assert.DoesNotContain("QUEUED_LINES", text);
    }

    [SharedFact]
    public void What_was_changed_is_named_and_restored_units_first_and_enables_last()
    {
        var server = KeptServer.OfTheRecordings();
        var saved = Read(server);
        (server.Values["SEQ1.PRESCALE"], server.Values["SEQ1.PRESCALE.UNITS"], server.Bodies["SEQ1.TABLE"]) = ("1000", "s", []);
        Assert.Equal(
            ["SEQ1.PRESCALE: 1 in the file, 1000 in the box", "SEQ1.PRESCALE.UNITS: us in the file, s in the box",
                "SEQ1.TABLE: differs (1 lines in the file, 0 in the box)"],
            PandALayout.Differences(saved, Read(server)));

        Assert.Empty(Restore(server, saved));

        Assert.Empty(PandALayout.Differences(saved, Read(server)));
        var (units, value) = (server.Written.IndexOf("SEQ1.PRESCALE.UNITS=us"), server.Written.IndexOf("SEQ1.PRESCALE=1"));
        var (off, table, on) = (
            server.Written.IndexOf("SEQ1.ENABLE=ZERO"), server.Written.IndexOf("SEQ1.TABLE<B"),
            server.Written.IndexOf("SEQ1.ENABLE=PCAP.ACTIVE"));
        Assert.True(off >= 0 && off < units && units < value && value < table && table < on, $"{off} {units} {value} {table} {on}");
    }

    [SharedTheory]
    [InlineData("SEQ1.REPEATS=4294967296", "SEQ1.REPEATS=4294967296: must be a whole number from 0 to 4294967295")]
    [InlineData("PCOMP1.START=3000000000", "must be a whole number from -2147483648 to 2147483647")]
    [InlineData("PULSE1.DELAY.UNITS=us\nPULSE1.DELAY=0.02", "PULSE1.DELAY=0.02: is 2 ticks (rounded); a PULSE delays by none")]
    [InlineData("SEQ1.PRESCALE.UNITS=s\nSEQ1.PRESCALE=40", "is 5000000000 ticks of 8 ns, at most 4294967295 fit")]
    [InlineData("SEQ9X.REPEATS=1", "has no such field")]
    public void What_the_box_would_keep_as_something_else_is_refused_before_anything_is_written(string lines, string problem)
    {
        var server = KeptServer.OfTheRecordings();
        var outcome = Run(server, c => c.RestoreAsync(PandALayout.Parse(lines + "\n"), CancellationToken.None));
        Assert.Contains(problem.Replace(" (rounded)", ""), Assert.IsType<Outcome<EquatableArray<string>>.Refused>(outcome).Reason);
        Assert.Empty(server.Written);
    }

    [SharedFact]
    public void A_field_that_the_box_refuses_is_named()
    {
        var server = KeptServer.OfTheRecordings();
        server.Values.Remove("TTLIN1.TERM");
        Assert.Equal(
            ["TTLIN1.TERM=High-Z: refused by the box: No such field", "TTLIN1.TERM: High-Z in the file, the box has no such field"],
            Restore(server, PandALayout.Parse("TTLIN1.TERM=High-Z\n"), skipRead: "TTLIN1.TERM"));
    }

    [Theory]
    [InlineData("hello\n", "line 1: hello: must be NAME=value")]
    [InlineData("A.B=1\nSEQ1.TABLE<B\nAAAA", "line 2: SEQ1.TABLE<B: the empty line that ends it is missing")]
    [InlineData("SEQ1.TABLE<<B\n\n", "line 1: SEQ1.TABLE<<B: must be")]
    public void A_file_that_is_no_layout_is_refused_by_line(string text, string problem) =>
        Assert.StartsWith(problem, Assert.Throws<FormatException>(() => PandALayout.Parse(text)).Message);

    private static PandALayout Read(KeptServer server) =>
        Assert.IsType<Outcome<PandALayout>.Completed>(Run(server, c => c.ReadAsync(CancellationToken.None))).Value;

    private static EquatableArray<string> Restore(KeptServer server, PandALayout layout, string? skipRead = null)
    {
        server.Hidden = skipRead;
        return Assert.IsType<Outcome<EquatableArray<string>>.Completed>(
            Run(server, c => c.RestoreAsync(layout, CancellationToken.None))).Value;
    }

    private static T Run<T>(KeptServer server, Func<PandALayoutClient, Task<T>> what)
    {
        var world = new FakeWorld();
        var network = new MemoryNetwork(world.Post);
        network.Listen(Port, server.Serve);
        return world.Run(() => what(new PandALayoutClient(network, world, "box", Port)));
    }
}
