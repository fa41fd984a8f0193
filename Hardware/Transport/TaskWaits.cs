using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>Waiting with a way out, such that every continuation runs where the waiter runs.</summary>
/// <remarks><c>Task.WaitAsync</c> and <c>Task.WhenAny</c> go through the thread pool, which a simulated world on one thread cannot
/// see.</remarks>
internal static class TaskWaits
{
    /// <summary>The task's result, or <see cref="OperationCanceledException"/> when cancelled before.</summary>
    public static async Task<T> OrCancelled<T>(this Task<T> task, CancellationToken cancel)
    {
        if (task.IsCompleted || !cancel.CanBeCanceled)
            return await task;
        var either = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = cancel.Register(() => either.TrySetCanceled(cancel));
        _ = ForwardAsync(task, either);
        return await either.Task;
    }

    /// <summary>Passes on how a task ends, whatever way that is.</summary>
    public static async Task ForwardAsync<T>(Task<T> task, TaskCompletionSource<T> to)
    {
        try
        {
            to.TrySetResult(await task);
        }
        catch (Exception error)
        {
            to.TrySetException(error);
        }
    }

    /// <summary>Waits that long by this clock.</summary>
    public static async Task SleepAsync(this IClock clock, long ns, CancellationToken cancel)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var wake = clock.WakeAt(clock.NowNs + ns, () => done.TrySetResult(true));
        await done.Task.OrCancelled(cancel);
    }

    /// <summary>Waits for something that a device will do by itself.</summary>
    /// <remarks><b>Errors</b> <see cref="TimeoutException"/> that names what did not come.</remarks>
    public static async Task<T> WithinAsync<T>(this IClock clock, Task<T> task, long ns, string what, CancellationToken cancel)
    {
        var either = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var wake = clock.WakeAt(clock.NowNs + ns, () => either.TrySetException(new TimeoutException($"{what} did not come")));
        _ = ForwardAsync(task, either);
        return await either.Task.OrCancelled(cancel);
    }
}
