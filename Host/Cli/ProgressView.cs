using System.Globalization;
using Flyscan.Actors.Scans;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary>Shows a scan while it runs; disposing it leaves the last state on the screen.</summary>
internal interface IProgressView : IAsyncDisposable
{
    /// <summary>Asks for one of r, a, q below the progress; gives '-' where the question is over before it is answered.</summary>
    Task<char> AskAsync(string question, Func<bool> isOver, CancellationToken cancel);
}

/// <summary>The figures that both views show.</summary>
internal sealed class ProgressFigures(RunView view, RunToMake run)
{
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private long? _firstDone;

    /// <summary>One line: phase, frames and percent, rate, time left, takes, beam.</summary>
    public string Line()
    {
        if (view.Progress is not { } progress)
            return "connecting";
        var done = progress.State.Committed.Count + progress.State.Kept.Count + progress.State.Skipped.Count;
        _firstDone ??= done;
        var elapsed = TimeProvider.System.GetElapsedTime(_began).TotalSeconds;
        var rate = elapsed > 0.5 ? (done - _firstDone.Value) / elapsed : 0;
        var left = rate > 0 ? (run.Plan.Frames - done) / rate : double.NaN;
        return string.Create(CultureInfo.InvariantCulture,
            $"{PhaseOf(progress),-12} {done,8}/{run.Plan.Frames} {100.0 * done / run.Plan.Frames,5:0.0} %  ") +
            string.Create(CultureInfo.InvariantCulture,
                $"{rate,7:0} frames/s  {TimeLeft(left),8} left  take {progress.State.LastTake}  {Beam()}") +
            string.Concat(progress.State.Holds.Select(h => $"\n  held by {h.Key}: {h.Value}"));
    }

    public double Fraction => view.Progress is { } p && run.Plan.Frames > 0
        ? (double)(p.State.Committed.Count + p.State.Kept.Count + p.State.Skipped.Count) / run.Plan.Frames
        : 0;

    /// <summary>What a scan is in the middle of, in a word or two.</summary>
    public static string PhaseOf(ScanProgress? progress) => progress?.Step.GetType().Name switch
    {
        null => "connecting",
        nameof(ScanStep.Idle) => "starting",
        nameof(ScanStep.AwaitingRecords) => "reading back",
        nameof(ScanStep.MakingSafe) => "making safe",
        var name => name.ToLowerInvariant(),
    };

    private static string TimeLeft(double seconds) => double.IsFinite(seconds) && seconds < 1e6
        ? TimeSpan.FromSeconds(seconds).ToString(seconds >= 3600 ? @"h\:mm\:ss" : @"mm\:ss", CultureInfo.InvariantCulture)
        : "--:--";

    private string Beam() => view.Beam?.Reading switch
    {
        null => "",
        Outcome<BeamReading>.Completed { Value: var reading } =>
            string.Create(CultureInfo.InvariantCulture, $"beam {reading.Value:0.0} {reading.Unit}"),
        var other => $"beam unknown ({other.Problem})",
    };
}

/// <summary>Plain lines, one when the phase changes or two seconds have gone by.</summary>
internal sealed class LineProgress : IProgressView
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private readonly CancellationTokenSource _stop = new();
    private readonly ProgressFigures _figures;
    private readonly TextWriter _text;
    private readonly Task _loop;

    public LineProgress(RunView view, RunToMake run, TextWriter text)
    {
        _figures = new ProgressFigures(view, run);
        _text = text;
        _loop = LoopAsync();
    }

    public Task<char> AskAsync(string question, Func<bool> isOver, CancellationToken cancel) => Task.FromResult('q');

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _loop;
        _text.WriteLine(_figures.Line());
    }

    private async Task LoopAsync()
    {
        var quiet = 0;
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(Look, TimeProvider.System, _stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            if (++quiet % 10 == 0 && !_stop.IsCancellationRequested)
                _text.WriteLine(_figures.Line());
        }
    }
}

/// <summary>A bar that stays in its place.</summary>
internal sealed class BarProgress : IProgressView
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private readonly ProgressFigures _figures;
    private CancellationTokenSource _stop = new();
    private Task _loop;

    public BarProgress(RunView view, RunToMake run)
    {
        _figures = new ProgressFigures(view, run);
        _loop = LoopAsync(_stop.Token);
    }

    public async Task<char> AskAsync(string question, Func<bool> isOver, CancellationToken cancel)
    {
        await StopAsync();
        Console.Write(question);
        while (true)
        {
            var key = Console.KeyAvailable ? char.ToLowerInvariant(Console.ReadKey(intercept: true).KeyChar) : '\0';
            if (cancel.IsCancellationRequested)
                key = 'a';
            else if (isOver())
                key = '-';
            if (key is 'r' or 'a' or 'q' or '-')
            {
                Console.WriteLine(key);
                _stop = new CancellationTokenSource();
                _loop = LoopAsync(_stop.Token);
                return key;
            }
            await Task.Delay(Look, TimeProvider.System, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StopAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _loop;
    }

    private Task LoopAsync(CancellationToken stop) => AnsiConsole.Live(Render()).AutoClear(false).StartAsync(async live =>
    {
        while (!stop.IsCancellationRequested)
        {
            live.UpdateTarget(Render());
            await Task.Delay(Look, TimeProvider.System, stop).ContinueWith(_ => { }, TaskScheduler.Default);
        }
        live.UpdateTarget(Render());
    });

    private Rows Render()
    {
        var width = Math.Clamp(AnsiConsole.Profile.Width - 4, 10, 80);
        var filled = (int)(_figures.Fraction * width);
        return new Rows(
            new Markup($"[green]{new string('━', filled)}[/][grey]{new string('─', width - filled)}[/]"),
            new Text(_figures.Line()));
    }
}
