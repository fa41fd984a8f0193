namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    private static readonly TimeSpan UsualInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Repeats the assertion until it holds; what it throws at last is thrown where it does not in time.</summary>
    public void AwaitAssert(
        Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var stop = Now + RemainingOrDilated(duration);
        while (true)
        {
            try
            {
                assertion();
                return;
            }
            catch (Exception) when (Now < stop)
            {
                Pause(stop, interval, cancellationToken);
            }
        }
    }

    public Task AwaitAssertAsync(
        Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        AwaitAssertAsync(
            () =>
            {
                assertion();
                return Task.CompletedTask;
            },
            duration,
            interval,
            cancellationToken);

    public async Task AwaitAssertAsync(
        Func<Task> assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var stop = Now + RemainingOrDilated(duration);
        while (true)
        {
            try
            {
                await assertion();
                return;
            }
            catch (Exception) when (Now < stop)
            {
                await PauseAsync(stop, interval, cancellationToken);
            }
        }
    }

    public void AwaitCondition(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, null, null, null, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, null, cancellationToken);

    public void AwaitCondition(
        Func<bool> conditionIsFulfilled, TimeSpan? max, string? message, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, message, cancellationToken);

    public void AwaitCondition(
        Func<bool> conditionIsFulfilled,
        TimeSpan? max,
        TimeSpan? interval,
        string? message = null,
        CancellationToken cancellationToken = default)
    {
        var within = RemainingOrDilated(max);
        var stop = Now + within;
        while (!conditionIsFulfilled())
        {
            if (Now >= stop)
                throw Failed($"Timeout {within} expired while waiting for condition. {message}");
            Pause(stop, interval, cancellationToken);
        }
    }

    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(() => Task.FromResult(conditionIsFulfilled()), null, cancellationToken);

    public Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(conditionIsFulfilled, null, cancellationToken);

    public async Task AwaitConditionAsync(
        Func<Task<bool>> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default)
    {
        var within = RemainingOrDilated(max);
        var stop = Now + within;
        while (!await conditionIsFulfilled())
        {
            if (Now >= stop)
                throw Failed($"Timeout {within} expired while waiting for condition.");
            await PauseAsync(stop, null, cancellationToken);
        }
    }

    public void Within(
        TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    public void Within(
        TimeSpan min,
        TimeSpan max,
        Action action,
        string? hint = null,
        TimeSpan? epsilonValue = null,
        CancellationToken cancellationToken = default) => Within(
            min,
            max,
            () =>
            {
                action();
                return true;
            },
            hint,
            epsilonValue,
            cancellationToken);

    public T Within<T>(
        TimeSpan max, Func<T> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    /// <summary>Runs a block that must take at least <paramref name="min"/> and at most <paramref name="max"/>.</summary>
    public T Within<T>(
        TimeSpan min,
        TimeSpan max,
        Func<T> function,
        string? hint = null,
        TimeSpan? epsilonValue = null,
        CancellationToken cancellationToken = default)
    {
        var start = Now;
        var (outer, allowed) = BeginWithin(min, Dilated(max), start, hint);
        T result;
        try
        {
            result = function();
        }
        finally
        {
            _end = outer;
        }

        EndWithin(min, allowed + epsilonValue.GetValueOrDefault(), Now - start, hint);
        return result;
    }

    public async Task WithinAsync(
        TimeSpan max, Func<Task> actionAsync, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        var start = Now;
        var (outer, allowed) = BeginWithin(TimeSpan.Zero, Dilated(max), start, null);
        try
        {
            await actionAsync();
        }
        finally
        {
            _end = outer;
        }

        EndWithin(TimeSpan.Zero, allowed + epsilonValue.GetValueOrDefault(), Now - start, null);
    }

    private (TimeSpan? Outer, TimeSpan Allowed) BeginWithin(TimeSpan min, TimeSpan max, TimeSpan start, string? hint)
    {
        var outer = _end;
        var allowed = outer is { } end ? Min(max, end - start) : max;
        _assertions.AssertTrue(allowed >= min, "{0}", $"Required min time {min} not possible, only {allowed} left. {hint}");
        _lastWasNoMsg = false;
        _end = start + allowed;
        return (outer, allowed);
    }

    private void EndWithin(TimeSpan min, TimeSpan allowed, TimeSpan took, string? hint)
    {
        if (took < min)
            throw Failed($"Failed: Block took {took}, should have at least been {min}. {hint}");
        if (!_lastWasNoMsg && took > allowed)
            throw Failed($"Failed: Block took {took}, exceeding {allowed}. {hint}");
    }

    private static void Pause(TimeSpan stop, TimeSpan? interval, CancellationToken cancellationToken)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(NextPause(stop, interval), cancellationToken);
    }

    private static async Task PauseAsync(TimeSpan stop, TimeSpan? interval, CancellationToken cancellationToken) =>
        await Task.Delay(NextPause(stop, interval), TimeProvider.System, cancellationToken);

    private static TimeSpan NextPause(TimeSpan stop, TimeSpan? interval) =>
        Max(TimeSpan.Zero, Min(stop - Now, interval ?? UsualInterval));
}
