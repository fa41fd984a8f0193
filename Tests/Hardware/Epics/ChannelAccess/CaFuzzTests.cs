using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>Bytes that went wrong on the way: no throw, no hang, no growth, on either side.</summary>
/// <remarks>FLYSCAN_FUZZ_BYTES: how many bytes are mutated in all; 200 000 by default.</remarks>
public sealed class CaFuzzTests(ITestOutputHelper output)
{
    private const int LargestMessage = 1 << 20;
    private const int MostHeld = 4 * LargestMessage;

    [SharedFact]
    public void A_client_survives_whatever_a_server_sends() => Fuzz(fromClient: false, Client);

    [SharedFact]
    public void A_server_survives_whatever_a_client_sends() => Fuzz(fromClient: true, Server);

    private void Fuzz(bool fromClient, Func<byte[], Seeded, long> run)
    {
        byte[][] sessions =
        [
            .. RecordedCaSession.Names.Select(name => RecordedCaSession.Read(name)
                .Where(m => m.IsFromClient == fromClient && m.Transport != "udp" && m.Left == 0).SelectMany(m => m.Bytes).ToArray()),
        ];
        Mutations.Run(sessions, Mutations.Wanted, (length, _) => length / 8, run, output);
    }

    /// <summary>A circuit with channels, requests and subscriptions under the ids that recordings use.</summary>
    private static long Client(byte[] bytes, Seeded random)
    {
        var circuit = new CaCircuit(new CaCircuitSettings("u", "h", 0, 1_000_000_000, 1_000_000_000, LargestMessage), 0);
        for (uint cid = 1; cid <= 4; cid++)
        {
            var channel = new CaChannel(null!, cid, $"A{cid}") { State = PvState.Connecting };
            channel.Monitors.Add(new CaMonitor(channel, new PvMonitorOptions { Capacity = 4 }, _ => { }));
            circuit.Create(channel);
            circuit.Read(new CaWrite(channel, 1000, new PvValue.Number(1), true), Dbr.Of(Dbr.Double, DbrForm.Time), 0, 0);
        }
        var outputs = 0L;
        foreach (var piece in Mutations.Pieces(bytes, 3000, random))
        {
            circuit.Receive(piece, 1, 1);
            while (circuit.TryTake(out var output))
            {
                outputs++;
                if (output.Kind != PvOutputKind.Up)
                    continue;
                output.Channel!.State = PvState.Connected;
                foreach (var monitor in output.Channel.Monitors)
                    circuit.Subscribe(monitor);
            }
            Assert.True(circuit.Outgoing.Count < MostHeld);
            circuit.Outgoing.Clear();
        }
        return outputs;
    }

    private static long Server(byte[] bytes, Seeded random)
    {
        var record = new ServedRecord("SOFT:AO", "ao");
        record.Add("VAL", Dbr.Double, new PvValue.Number(1));
        var array = record.Add("A", Dbr.Double, new PvValue.Array<double>(new double[100]), 1000);
        var (answered, touched) = (0L, 0);
        var circuit = new CaServerCircuit(
            name => name.Length == 0 ? null : name.Contains('.') ? array : record.Fields["VAL"], _ => touched++, 5064,
            () => 1_700_000_000_000_000_000);
        foreach (var piece in Mutations.Pieces(bytes, 3000, random))
        {
            circuit.Receive(piece);
            answered += circuit.Outgoing.Count;
            Assert.True(circuit.Outgoing.Count < MostHeld);
            circuit.Sent();
        }
        circuit.End();
        return answered;
    }
}
