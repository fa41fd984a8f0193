namespace Flyscan.Host.Cli;

/// <summary>Waits for lost devices: tries again, ever more seldom, until it works, the time is up or somebody wants out.</summary>
internal sealed class ReturnWait(Output output, TimeSpan limit, Interrupts interrupts, Func<bool> isLeft)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>What <paramref name="attempt"/> gives, once it could say that they are back; null where that was not waited for.</summary>
    public async Task<T?> UntilAsync<T>(string why, Func<Action, Task<T>> attempt)
        where T : class
    {
        if (limit <= TimeSpan.Zero)
            return null;
        output.Note($"devices are lost; waiting up to {Words(limit)} for them, Ctrl-C leaves the scan to `flyscan resume`:\n  {why}");
        var began = TimeProvider.System.GetTimestamp();
        var (said, isBack) = ("", false);
        for (var pause = FirstPause; ; pause = Min(2 * pause, LongestPause))
        {
            if (!await StayAsync(pause))
                return null;
            try
            {
                return await attempt(() =>
                {
                    isBack = true;
                    output.Note("all devices can be reached again; the scan goes on");
                });
            }
            catch (OperationCanceledException) when (!isBack && interrupts.Count > 0)
            {
                return null;
            }
            catch (RefusedException still) when (!isBack)
            {
                if (still.Message != said)
                    output.Note($"not yet: {still.Message}");
                said = still.Message;
            }
            if (TimeProvider.System.GetElapsedTime(began) < limit)
                continue;
            output.Note($"they were not back within {Words(limit)}");
            return null;
        }
    }

    /// <summary>False when somebody wants out meanwhile.</summary>
    private async Task<bool> StayAsync(TimeSpan pause)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < pause)
        {
            if (interrupts.Count > 0 || isLeft())
                return false;
            await Task.Delay(Look, TimeProvider.System, CancellationToken.None);
        }
        return interrupts.Count == 0 && !isLeft();
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static string Words(TimeSpan time) => time.TotalMinutes >= 2
        ? FormattableString.Invariant($"{time.TotalMinutes:0.#} min")
        : FormattableString.Invariant($"{time.TotalSeconds:0.#} s");
}
