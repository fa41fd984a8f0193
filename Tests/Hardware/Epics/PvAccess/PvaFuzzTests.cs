using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;
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

    [SharedFact]
    public void A_client_survives_whatever_a_server_sends() => Fuzz(fromClient: false, Client);

    [SharedFact]
    public void A_server_survives_whatever_a_client_sends() => Fuzz(fromClient: true, Server);

    private void Fuzz(bool fromClient, Func<byte[], Seeded, long> run)
    {
        byte[][] sessions =
        [
            .. RecordedPvaSession.Names
                .Select(name => RecordedPvaSession.Read(name).Where(m => m.IsTcp && m.IsFromClient == fromClient && m.Left == 0))
                .SelectMany(messages => messages.GroupBy(m => m.Transport)).Select(c => c.SelectMany(m => m.Bytes).ToArray()),
        ];
        // A wrong head ends the connection, so most passes change little.
        Mutations.Run(
            sessions, Kills.IsSoak ? 10_000_000 : Mutations.Wanted, (length, random) => random.Next(4) == 0 ? length / 8 : 8, run, output);
    }

    /// <summary>A circuit with a channel, reads, writes and a subscription under the numbers that recordings use.</summary>
    private static long Client(byte[] bytes, Seeded random)
    {
        var circuit = new PvaCircuit(
            new PvaCircuitSettings("u", "h", 1_000_000_000, 1_000_000_000, LargestMessage) { FirstIoid = FirstIoid - 1 }, 0);
        var channel = new PvaChannel(null!, FirstCid, "A");
        channel.Monitors.Add(new PvaMonitor(channel, new PvMonitorOptions { Capacity = random.Next(5) }, _ => { }));
        circuit.Create(channel);
        var outputs = 0L;
        foreach (var piece in Mutations.Pieces(bytes, 300, random))
        {
            circuit.Receive(piece, 1, 1);
            while (circuit.TryTake(out var told))
            {
                outputs++;
                if (told.Kind == PvOutputKind.Fault)
                    return outputs;
            }
            // The recordings have no question for the type, so the channel is taken for connected once it is there.
            if (channel.Sid != 0 && channel.State != PvState.Connected)
            {
                channel.State = PvState.Connected;
                Use(circuit, channel, random);
            }
            Assert.InRange(circuit.Outgoing.Count, 0, MostHeld);
            Assert.InRange(circuit.Operations, 0, MostOperations);
            circuit.Outgoing.Clear();
        }
        circuit.Break("end");
        return outputs;
    }

    private static void Use(PvaCircuit circuit, PvaChannel channel, Seeded random)
    {
        switch (random.Next(4))
        {
            case 0:
                circuit.Subscribe(channel.Monitors[0]);
                break;
            case 1:
                circuit.Call(Read(channel), new PvaValue.Structure(PvaType.Of(), []), 0);
                break;
            default:
                circuit.Read(Read(channel), 0);
                circuit.Write(new PvaWrite(channel, 1000, new PvValue.Number(1), random.Next(2) == 0), 0);
                circuit.Write(new PvaWrite(channel, 1000, new PvValue.Text("Edge"), random.Next(2) == 0), 0);
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
        foreach (var piece in Mutations.Pieces(bytes, 300, random))
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

    private static PvaRead<int> Read(PvaChannel channel) => new(channel, 1000, static (_, _) => 0);
}
