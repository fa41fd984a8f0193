using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Programmes longer than the sequencer's table: given in pieces while they run.</summary>
public sealed class PandAStreamingTests
{
    private const int PieceRows = 512;
    private const long PeriodNs = 96_000;
    private static readonly TakeMark Mark = new(77);

    private readonly PandABench _bench = new(adjust: s => s with { PieceRows = PieceRows });

    [Fact]
    public void A_table_of_many_pieces_runs_to_its_last_row_and_every_frame_is_captured()
    {
        const int Frames = 20_000;
        _bench.ConnectAndStage();
        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 0, null), Load(Frames));
        Assert.Equal("OK =STREAMING\n", _bench.Ask("SEQ1.TABLE.MODE?\n"));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));

        var done = Wait(Frames);

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, Frames, null), done);
        Assert.Equal(Frames, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        var starts = _bench.Stores.Stores[0].Longs("timestamp_start");
        var expected = Programme(Frames).Windows.Select(w => w.Trains[0].PeriodNs).ToArray();
        Assert.Equal(expected[..^1], starts.Zip(starts.Skip(1), (a, b) => b - a));
    }

    [Fact]
    public void Rows_are_made_when_their_piece_is_due_and_no_sooner()
    {
        var made = 0;
        IEnumerable<SequencerRow> Each()
        {
            for (; made < 100_000; made++)
                yield return new(1, SequencerTrigger.Immediate, 1, 0, 0, 1, 1);
        }
        var pieces = new TablePieces(
            new(Mark, 100_000, false, Each), SequencerLayout.Documented, "SEQ1.TABLE", PieceRows);
        Assert.Equal("SEQ1.TABLE<<B", pieces.Next().Line);
        Assert.InRange(made, PieceRows - 1, PieceRows);
        while (!pieces.AreGiven)
            Assert.Equal(pieces.Given + PieceRows > 100_000 - PieceRows && pieces.Given + PieceRows >= 100_000, Last(pieces.Next()));
        Assert.Equal(100_000, pieces.Given);
    }

    [Fact]
    public void Never_more_pieces_wait_than_the_server_queues()
    {
        _bench.ConnectAndStage();
        Load(20_000);
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        for (var i = 0; i < 100; i++)
        {
            _bench.World.RunUntil(_bench.World.NowNs + 10_000_000);
            var queued = int.Parse(_bench.Ask("SEQ1.TABLE.QUEUED_LINES?\n")["OK =".Length..]);
            Assert.InRange(queued, 0, (TableField.MostPieces - 1) * PieceRows);
        }
        Assert.Null(_bench.Do(_bench.Driver.GetBoxStatusAsync).Fault);
    }

    [Fact]
    public void Pieces_that_come_too_late_fail_the_take_by_name_and_keep_what_was_captured()
    {
        _bench.ConnectAndStage();
        // 512 rows of 1 us last half a millisecond: no client can refill that.
        var programme = Programme(20_000, periodNs: 1_000, exposureNs: 400);
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, programme, c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));

        var status = _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, 40_000_000, c));

        Assert.Equal(BoxPhase.Faulted, status.Phase);
        Assert.Contains("SEQ1: DMA underrun: ", status.Fault);
        Assert.Contains("of 20000 rows of the streamed table had been sent", status.Fault);
        Assert.Equal(0, status.Triggered % PieceRows);
        Assert.InRange(status.Triggered, PieceRows, 20_000 - PieceRows);
        // The rest goes on in the same session, from a table of its own.
        var rest = (int)Math.Min(1000, 20_000 - status.Triggered);
        var next = new TakeMark(78);
        _bench.Do(c => _bench.Driver.LoadAsync(next, Programme(rest), c));
        _bench.Do(c => _bench.Driver.EnableAsync(next, c));
        var all = _bench.Do(c => _bench.Driver.WaitDoneAsync(next, rest * PeriodNs, c));
        Assert.Equal(new BoxStatus(BoxPhase.Idle, next, status.Triggered + rest, null), all);
        Assert.Equal(all.Triggered, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void Halted_in_mid_table_it_stops_at_a_frame_and_the_rest_is_streamed_anew()
    {
        const int Frames = 20_000;
        _bench.ConnectAndStage();
        Load(Frames);
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        _bench.World.RunUntil(_bench.World.NowNs + 700_000_000);

        var halted = _bench.Do(_bench.Driver.HaltAsync);

        Assert.Equal((BoxPhase.Idle, Mark, null), (halted.Phase, halted.Mark, halted.Fault));
        Assert.InRange(halted.Triggered, 6_500, 7_500);
        var left = (int)(Frames - halted.Triggered);
        var next = new TakeMark(78);
        _bench.Do(c => _bench.Driver.LoadAsync(next, Programme(left), c));
        _bench.Do(c => _bench.Driver.EnableAsync(next, c));
        Assert.Equal(Frames, _bench.Do(c => _bench.Driver.WaitDoneAsync(next, left * PeriodNs, c)).Triggered);
        Assert.Equal(Frames, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void After_a_lost_connection_the_rest_of_the_table_is_given()
    {
        const int Frames = 20_000;
        var session = _bench.ConnectAndStage();
        Load(Frames);
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        _bench.World.RunUntil(_bench.World.NowNs + 300_000_000);
        _bench.Network.Cut();
        _bench.World.RunUntil(_bench.World.NowNs + 10_000_000);
        _bench.Do(_bench.Driver.ConnectAsync);
        Assert.NotNull(_bench.Do(c => _bench.Driver.AdoptAsync(PandABench.Staging(2), session.Session, 0, c)));

        Assert.Equal(Frames, Wait(Frames).Triggered);
        Assert.Equal(Frames, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
    }

    /// <summary>The box holds eight pieces; who fed it is no more.</summary>
    [Fact]
    public void When_its_process_dies_the_box_runs_dry_and_a_successor_keeps_what_was_captured_and_takes_the_rest()
    {
        const int Frames = 20_000;
        const int Known = 1_000;
        var session = _bench.ConnectAndStage();
        Load(Frames);
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        _bench.World.RunUntil(_bench.World.NowNs + 200_000_000);
        _bench.Network.Cut();
        _bench.World.RunUntil(_bench.World.NowNs + 2_000_000_000);

        var heir = _bench.NewDriver();
        _bench.Do(heir.ConnectAsync);
        // The mark that it had cannot be read back: nothing says that this is the take, so that nobody flies on with it.
        var found = _bench.Do(heir.GetBoxStatusAsync);
        Assert.NotEqual(Mark, found.Mark);
        Assert.NotEqual(BoxPhase.Running, found.Phase);
        var adopted = _bench.Do(c => heir.AdoptAsync(PandABench.Staging(2), session.Session, Known, c));
        Assert.Equal((true, (long)Known), (adopted!.NewSegment, adopted.FirstPosition));
        var captured = _bench.Do(heir.HaltAsync).Triggered;

        Assert.Equal(0, captured % PieceRows);
        Assert.InRange(captured, TableField.MostPieces * PieceRows, Frames - PieceRows);
        var next = new TakeMark(78);
        var left = (int)(Frames - captured);
        _bench.Do(c => heir.LoadAsync(next, Programme(left), c));
        _bench.Do(c => heir.EnableAsync(next, c));
        Assert.Equal(new BoxStatus(BoxPhase.Idle, next, Frames, null), _bench.Do(c => heir.WaitDoneAsync(next, left * PeriodNs, c)));
        Assert.Equal(Frames - Known, _bench.Do(c => heir.UnstageAsync([], c)));
        Assert.Equal(
            Enumerable.Range(Known, Frames - Known).Select(i => (long)i), _bench.Stores.Stores[^1].Longs("sample_index"));
    }

    private static bool Last(PandACommand piece) => piece.Line == "SEQ1.TABLE<<|B";

    private BoxStatus Load(int frames) => _bench.Do(c => _bench.Driver.LoadAsync(Mark, Programme(frames), c));

    private BoxStatus Wait(int frames) => _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, frames * PeriodNs, c));

    /// <summary>Each frame a row of its own, as durations differ from frame to frame.</summary>
    private static TriggerProgramme Programme(int frames, long periodNs = PeriodNs, long exposureNs = 40_000) => new(
    [
        .. Enumerable.Range(0, frames).Select(i => new TriggerWindow(
            i, false, null, [new PulseTrain(1, exposureNs, periodNs + 8 * (i % 3 - 1))])),
    ]);
}
