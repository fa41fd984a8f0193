using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>What other clients than ours ask of the server's side of a circuit.</summary>
public sealed class CaServerCircuitTests
{
    private const ushort Double = Dbr.Double;

    private readonly ServedPv _pv;
    private readonly CaServerCircuit _circuit;

    public CaServerCircuitTests()
    {
        _pv = new ServedRecord("A", "ao").Add("VAL", Double, new PvValue.Number(1));
        _circuit = new CaServerCircuit(_ => _pv, _ => { }, 5064, () => 0);
    }

    [Fact]
    public void A_subscription_number_is_free_again_when_its_record_was_taken_away()
    {
        // As the C library does: a channel keeps the numbers of its subscriptions over a loss.
        var sid = Create(7);
        Assert.Equal([1], Events(new CaMessage.EventAdd(Double, 1, sid, 3, 1)));
        _circuit.Withdraw(_pv);
        Assert.Equal([new CaMessage.ServerDisconnect(7)], Said());
        _pv.Post(new PvValue.Number(2), null);
        Assert.Empty(Said());
        sid = Create(7);
        Assert.Equal([2], Events(new CaMessage.EventAdd(Double, 1, sid, 3, 1)));
        _pv.Post(new PvValue.Number(3), null);
        Assert.Equal([3], Said().OfType<CaMessage.Event>().Select(Number));
    }

    [Theory]
    [InlineData(1, "1 2 4 ")]
    [InlineData(2, "1 2 4 ")]
    [InlineData(4, "1 2 3 ")]
    [InlineData(8, "1 5 ")]
    [InlineData(5, "1 2 3 4 ")]
    [InlineData(15, "1 2 3 4 5 ")]
    public void A_subscription_is_told_what_its_mask_says(int mask, string steps)
    {
        var told = "1 ";
        Events(new CaMessage.EventAdd(Double, 1, Create(7), 3, (ushort)mask));
        Step(2, () => _pv.Post(new PvValue.Number(2), null, new PvAlarm(3, PvSeverity.Major)));
        Step(3, () => _pv.Post(new PvValue.Number(2), null));
        Step(4, () => _pv.Post(new PvValue.Number(2), null));
        Step(5, () => _pv.Metadata = _pv.Metadata with { Units = "mm" });
        Assert.Equal(steps, told);

        void Step(int number, Action change)
        {
            change();
            told += Said().Count > 0 ? $"{number} " : "";
        }
    }

    private uint Create(uint cid)
    {
        Ask(new CaMessage.CreateChannel(cid, CaMessage.Minor, "A"));
        return Said().OfType<CaMessage.ChannelCreated>().Single().Sid;
    }

    private List<double> Events(CaMessage asked)
    {
        Ask(asked);
        return [.. Said().OfType<CaMessage.Event>().Select(Number)];
    }

    private static double Number(CaMessage.Event said) => DbrReader.Read(said.Type, said.Count, said.Data.Span)!.Value.AsNumber();

    private void Ask(CaMessage message)
    {
        var request = new CaBuffer();
        message.WriteTo(request);
        _circuit.Receive(request.Written.ToArray());
    }

    private List<CaMessage> Said()
    {
        var said = new List<CaMessage>();
        ReadOnlyMemory<byte> bytes = _circuit.Outgoing.Written.ToArray();
        _circuit.Outgoing.Clear();
        while (CaHeader.TryRead(bytes.Span, out var header) is var length and > 0)
        {
            said.Add(CaMessage.FromServer(header, bytes.Slice(length, (int)header.Size)));
            bytes = bytes[(length + (int)header.Size)..];
        }
        return said;
    }
}
