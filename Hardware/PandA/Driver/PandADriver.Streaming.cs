using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.PandA.Driver;

/// <content>Tables longer than the box holds: given in pieces while they run.</content>
/// <remarks>
/// A streamed table cannot be read back, and its lines are counted in a way that firmwares differ in: frames are counted by what the box
/// captured. Pieces that come too late end the sequence with an underrun, which is the take's fault; what was captured is whole.
/// <b>Source</b> recorded session 73; the server's documentation of streamed tables as summed up in the protocol reference.
/// </remarks>
internal sealed partial class PandADriver
{
    /// <summary>Pieces that the server's driver queues.</summary>
    public const int MostPieces = 8;

    /// <summary>How often it is asked for room.</summary>
    public const long FeedPeriodNs = 20_000_000;

    /// <summary>Rows that get into a box in a second: 87 KB of base64 for a piece, over a busy network of 100 Mbit/s.</summary>
    public const double RowsPerSecond = 100_000;

    /// <summary>From a piece's end to the next one on its way: asked for room, told, sent.</summary>
    public const long FeedLatencyNs = FeedPeriodNs + 80_000_000;

    private Feed? _feed;

    /// <summary>Gives the first pieces; the sequencer then waits to be enabled. Returns what is wrong.</summary>
    private async Task<string?> BeginStreamAsync(
        Box box, SequencerProgramme programme, TablePieces pieces, PandACommand[] before, CancellationToken cancel)
    {
        List<PandACommand> first = [.. before];
        while (first.Count < before.Length + MostPieces && !pieces.AreGiven)
            first.Add(pieces.Next());
        var answers = (await box.Control.DoAsync(
            cancel,
            [
                .. first, PandACommand.Get($"{Sequencer}.TABLE.MODE"), PandACommand.Get($"{Sequencer}.PRESCALE.RAW"),
                PandACommand.Get($"{Sequencer}.STATE"),
            ]))[^3..];
        if (!answers[0].StartsWith("STREAMING", StringComparison.Ordinal) || answers[1] != $"{programme.PrescaleTicks}")
            return $"{Sequencer} has table mode {answers[0]} and prescale {answers[1]} after a streamed table was begun: "
                + $"somebody else writes to {Sequencer}";
        if (answers[2] != "WAIT_ENABLE")
            return $"{Sequencer} is in {answers[2]} after a streamed table was begun, not in WAIT_ENABLE";
        lock (_gate)
            _feed = new Feed(pieces);
        return null;
    }

    /// <summary>Begins, or goes on, to give pieces as there is room.</summary>
    private void StartFeeding(Box box)
    {
        Feed? feed;
        lock (_gate)
        {
            feed = _feed;
            if (feed is null || feed.IsBusy || !feed.GoesOn)
                return;
            feed.IsBusy = true;
        }
        _ = FeedAsync(box, feed);
    }

    private void StopFeeding()
    {
        lock (_gate)
            if (_feed is { } feed)
                feed.IsStopped = true;
    }

    private async Task FeedAsync(Box box, Feed feed)
    {
        try
        {
            while (feed.GoesOn && await FillAsync(box, feed))
                await _clock.SleepAsync(FeedPeriodNs, CancellationToken.None);
        }
        catch (Exception lost) when (lost is IOException or TimeoutException)
        {
            feed.Problem = lost.Message;
        }
        finally
        {
            lock (_gate)
                feed.IsBusy = false;
        }
    }

    /// <summary>Gives pieces while there is room; false when the sequencer has ended.</summary>
    private async Task<bool> FillAsync(Box box, Feed feed)
    {
        var answers = await box.Control.DoAsync(
            CancellationToken.None, PandACommand.Get($"{Sequencer}.STATE"), PandACommand.Get($"{Sequencer}.TABLE.QUEUED_LINES"));
        if (!IsRunning(answers[0]))
            return false;
        var queued = (Integer("QUEUED_LINES", answers[1]) + _settings.PieceRows - 1) / _settings.PieceRows;
        // The piece that runs may or may not be among those counted.
        for (var held = queued + 1; held < MostPieces && feed.GoesOn; held++)
        {
            // Until it is answered nobody knows whether the piece is in: a row twice would be worse than an underrun, which ends the take.
            (feed.IsUnsure, feed.Piece) = (true, feed.Piece ?? feed.Pieces.Next());
            var reply = (await box.Control.SendAsync([feed.Piece], CancellationToken.None))[0];
            feed.IsUnsure = false;
            if (reply is not PandAReply.Refused refused)
            {
                feed.Piece = null;
                continue;
            }
            // Full after all: with nothing queued it would have been something else.
            if (queued == 0)
                throw new PandARefusedException(feed.Piece.Line, refused.Reason);
            break;
        }
        return true;
    }

    /// <summary>What a streamed table has fired is what was captured since; a real box counts that every 100 ms.</summary>
    private async Task<SequencerState> ReadStreamAsync(Box box, SequencerState state, CancellationToken cancel)
    {
        var captured = Recording() is null ? 0 : await ReadCapturedAsync(box, cancel);
        var end = IsStreamEnd(state.State, state.Health);
        lock (_gate)
        {
            if (end)
                _firedNow = _programme!.Frames;
            else if (_enabled && _firedBefore is { } before)
                _firedNow = Math.Clamp(captured - before, _firedNow, _programme!.Frames);
        }
        return state with { AtEnd = end };
    }

    private static bool IsRunning(string state) => state is "WAIT_TRIGGER" or "PHASE1" or "PHASE2";

    /// <summary>All rows have been given and none is left.</summary>
    private bool IsStreamEnd(string state, string health)
    {
        lock (_gate)
            return _enabled && !_disabled && state == "UNREADY" && health == "OK" && _feed is { Pieces.AreGiven: true, Piece: null };
    }

    /// <summary>Why a sequence ended early, in more words than the box has.</summary>
    private string Explain(string health)
    {
        Feed? feed;
        lock (_gate)
            feed = _feed;
        if (feed is null || _programme?.Stream is null)
            return $"{Sequencer}: {health}";
        var why = feed.Problem is { } problem ? $" ({problem})" : "";
        return $"{Sequencer}: {health}: {feed.Pieces.Given} of {feed.Pieces.Rows} rows of the streamed table had been sent{why}; "
            + "what was captured until then is whole";
    }

    /// <summary>A streamed table under way.</summary>
    private sealed class Feed(TablePieces pieces)
    {
        public TablePieces Pieces => pieces;

        /// <summary>A loop gives pieces.</summary>
        public bool IsBusy { get; set; }

        /// <summary>The sequencer was stopped, or holds another table.</summary>
        public bool IsStopped { get; set; }

        /// <summary>A piece was sent and not answered.</summary>
        public bool IsUnsure { get; set; }

        /// <summary>A piece that the box had no room for.</summary>
        public PandACommand? Piece { get; set; }

        public string? Problem { get; set; }

        public bool GoesOn => !IsStopped && !IsUnsure && (Piece is not null || !pieces.AreGiven);
    }
}
