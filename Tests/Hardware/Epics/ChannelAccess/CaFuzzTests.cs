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

    private static long Wanted =>
        long.TryParse(Environment.GetEnvironmentVariable("FLYSCAN_FUZZ_BYTES"), out var wanted) ? wanted : 200_000;

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
            .. RecordedCaSession.Names.Select(name => RecordedCaSession.Read(name)
                .Where(m => m.IsFromClient == fromClient && m.Transport != "udp" && m.Left == 0).SelectMany(m => m.Bytes).ToArray()),
        ];
        var random = new Seeded(20261121);
        var (mutated, passes, outputs) = (0L, 0, 0L);
        for (; mutated < Wanted; passes++)
        {
            var bytes = (byte[])sessions[passes % sessions.Length].Clone();
            var changes = 1 + random.Next(Math.Max(1, bytes.Length / 8));
            for (var i = 0; i < changes; i++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            mutated += changes;
            outputs += run(bytes, random);
        }
        return (mutated, passes, outputs);
    }

    /// <summary>A circuit with channels, requests and subscriptions under the ids that recordings use.</summary>
    private static long Client(byte[] bytes, Seeded random)
    {
        var circuit = new CaCircuit(new CaCircuitSettings("u", "h", 0, 1_000_000_000, 1_000_000_000, LargestMessage), 0);
        for (uint cid = 1; cid <= 4; cid++)
        {
            var link = new CaLink(cid, $"A{cid}") { State = PvState.Connecting };
            link.Subscriptions.Add(new CaSubscription(link, new PvMonitorOptions { Capacity = 4 }));
            circuit.Create(link);
            circuit.Read(new Ignored(link), Dbr.Of(Dbr.Double, DbrForm.Time), 0, 0);
        }
        var outputs = 0L;
        foreach (var piece in Pieces(bytes, random))
        {
            circuit.Receive(piece, 1, 1);
            while (circuit.TryTake(out var output))
            {
                outputs++;
                if (output.Kind != CaOutputKind.Up)
                    continue;
                output.Link!.State = PvState.Connected;
                foreach (var subscription in output.Link.Subscriptions)
                    circuit.Subscribe(subscription);
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
        foreach (var piece in Pieces(bytes, random))
        {
            circuit.Receive(piece);
            answered += circuit.Outgoing.Count;
            Assert.True(circuit.Outgoing.Count < MostHeld);
            circuit.Sent();
        }
        circuit.End();
        return answered;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] bytes, Seeded random)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, 1 + random.Next(3000));
            yield return bytes.AsMemory(at, length);
            at += length;
        }
    }

    private sealed class Ignored(CaLink link) : CaRequest(link, "read", 1000)
    {
        public override void Complete(Flyscan.Scanning.Units.Outcome<DbrData> outcome, long receivedNs)
        {
        }
    }
}
