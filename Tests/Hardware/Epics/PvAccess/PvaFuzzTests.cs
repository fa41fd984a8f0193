using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Host.Acceptance;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>Bytes that went wrong on the way: no throw, no hang, no growth, on either side.</summary>
/// <remarks>FLYSCAN_SOAK=1: 10 million mutated bytes; FLYSCAN_FUZZ_BYTES: so many; 200 000 by default.</remarks>
public sealed class PvaFuzzTests(ITestOutputHelper output)
{
    private const int LargestMessage = 1 << 20;
    private const int MostHeld = 4 * LargestMessage;
    private const int MostOperations = 20_000;

    /// <summary>Numbers that pvAccessCPP begins with.</summary>
    private const uint FirstCid = 0x10203041;
    private const uint FirstIoid = 0x80706051;

    private static long Wanted => Kills.IsSoak ? 10_000_000
        : long.TryParse(Environment.GetEnvironmentVariable("FLYSCAN_FUZZ_BYTES"), out var wanted) ? wanted
        : 200_000;

    [SharedFact]
    public void A_client_survives_whatever_a_server_sends()
    {
        var (mutated, passes, outputs) = Fuzz(fromClient: false, (bytes, random) => Client(bytes, random));
        output.WriteLine($"client: {mutated} mutated bytes in {passes} passes, {outputs} outputs, no throw, at most {MostHeld} bytes held");
        Assert.True(outputs > 0);
    }

    [SharedFact]
    public void A_server_survives_whatever_a_client_sends()
    {
        var (mutated, passes, outputs) = Fuzz(fromClient: true, (bytes, random) => Server(bytes, random));
        output.WriteLine($"server: {mutated} mutated bytes in {passes} passes, {outputs} bytes answered, no throw");
        Assert.True(outputs > 0);
    }

    private static (long Mutated, int Passes, long Outputs) Fuzz(bool fromClient, Func<byte[], Seeded, long> run)
    {
        byte[][] sessions =
        [
            .. RecordedPvaSession.Names
                .Select(name => RecordedPvaSession.Read(name).Where(m => m.IsTcp && m.IsFromClient == fromClient && m.Left == 0))
                .SelectMany(messages => messages.GroupBy(m => m.Transport)).Select(c => c.SelectMany(m => m.Bytes).ToArray()),
        ];
        var random = new Seeded(20261121);
        var (mutated, passes, outputs) = (0L, 0, 0L);
        for (; mutated < Wanted; passes++)
        {
            var bytes = (byte[])sessions[passes % sessions.Length].Clone();
            // A wrong head ends the connection, so most passes change little.
            var most = random.Next(4) == 0 ? bytes.Length / 8 : 8;
            var changes = 1 + random.Next(Math.Max(1, most));
            for (var i = 0; i < changes; i++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            mutated += changes;
            outputs += run(bytes, random);
        }
        return (mutated, passes, outputs);
    }

    /// <summary>A circuit with a channel, reads, writes and a subscription under the numbers that recordings use.</summary>
    private static long Client(byte[] bytes, Seeded random)
    {
        var circuit = new PvaCircuit(
            new PvaCircuitSettings("u", "h", 1_000_000_000, 1_000_000_000, LargestMessage) { FirstIoid = FirstIoid - 1 }, 0);
        var link = new PvaLink(FirstCid, "A");
        link.Subscriptions.Add(new PvaSubscription(link, new PvMonitorOptions { Capacity = random.Next(5) }));
        circuit.Create(link);
        var outputs = 0L;
        foreach (var piece in Pieces(bytes, random))
        {
            circuit.Receive(piece, 1, 1);
            while (circuit.TryTake(out var told))
            {
                outputs++;
                if (told.Kind == PvaOutputKind.Fault)
                    return outputs;
            }
            // The recordings have no question for the type, so the channel is taken for connected once it is there.
            if (link.Sid != 0 && link.State != PvState.Connected)
            {
                link.State = PvState.Connected;
                Use(circuit, link, random);
            }
            Assert.InRange(circuit.Outgoing.Count, 0, MostHeld);
            Assert.InRange(circuit.Operations, 0, MostOperations);
            circuit.Outgoing.Clear();
        }
        circuit.Break("end");
        return outputs;
    }

    private static void Use(PvaCircuit circuit, PvaLink link, Seeded random)
    {
        switch (random.Next(4))
        {
            case 0:
                circuit.Subscribe(link.Subscriptions[0]);
                break;
            case 1:
                circuit.Call(new Ignored(link), new PvaValue.Structure(PvaType.Of(), []), 0);
                break;
            default:
                circuit.Read(new Ignored(link), 0);
                circuit.Write(new IgnoredPut(link, new PvValue.Number(1), random.Next(2) == 0), 0);
                circuit.Write(new IgnoredPut(link, new PvValue.Text("Edge"), random.Next(2) == 0), 0);
                break;
        }
    }

    private static long Server(byte[] bytes, Seeded random)
    {
        var type = PvaType.Of(
            "epics:nt/NTScalar:1.0", ("value", new PvaType.Scalar(PvaScalar.Float64)), ("any", PvaType.Any.Instance),
            ("texts", new PvaType.ScalarArray(PvaScalar.Text)));
        var served = new PvaServed("SOFT:AO", PvaValue.Default(type)) { Called = a => (PvaStatus.Ok, a) };
        var (answered, touched) = (0L, 0);
        var circuit = new PvaServerCircuit(name => name.Length == 0 ? null : served, _ => touched++, _ => null);
        foreach (var piece in Pieces(bytes, random))
        {
            circuit.Receive(piece);
            served.Post(served.Value.With("value", new PvaValue.Number(touched)));
            answered += circuit.Outgoing.Count;
            Assert.InRange(circuit.Outgoing.Count, 0, MostHeld);
            circuit.Sent();
            if (circuit.Fault is not null)
                break;
        }
        circuit.End();
        return answered;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] bytes, Seeded random)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, 1 + random.Next(300));
            yield return bytes.AsMemory(at, length);
            at += length;
        }
    }

    private sealed class Ignored(PvaLink link) : PvaRequest(link, "read", 1000)
    {
        public override void Complete(Outcome<PvaAnswer> outcome, long receivedNs)
        {
        }
    }

    private sealed class IgnoredPut(PvaLink link, PvValue value, bool waits) : PvaPutRequest(link, "write", 1000, value, waits)
    {
        public override void Complete(Outcome<PvaAnswer> outcome, long receivedNs)
        {
        }
    }
}
