using System.Collections.Concurrent;
using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>The one thread of the process on which every HDF5 call runs.</summary>
/// <remarks>The library has one global lock and per-thread error state, so that one thread loses nothing and is simplest to be right with.
/// Calls queue in order; when <see cref="Capacity"/> of them wait, callers wait for room without blocking.
/// <b>Source</b> decisions, Durability: one dedicated thread per process.</remarks>
public sealed class HdfThread
{
    /// <summary>Most calls that wait.</summary>
    public const int Capacity = 256;

    // Process-wide because the library is.
    private static readonly Lazy<HdfThread> Instance = new(() => new HdfThread(HdfLibrary.Open));

    private readonly BlockingCollection<Action> _calls = [];
    private readonly SemaphoreSlim _room = new(Capacity);
    private volatile string? _stuck;
    private Exception? _unusable;

    /// <summary>A thread that first opens the library, on itself.</summary>
    internal HdfThread(Action open)
    {
        var thread = new Thread(() => Run(open)) { Name = "hdf5", IsBackground = true };
        thread.Start();
    }

    /// <summary>The thread.</summary>
    public static HdfThread Shared => Instance.Value;

    /// <summary>Runs a call on the thread; cancelling works until it has begun.</summary>
    /// <exception cref="IOException">The library is missing, or a call given up on still holds the thread.</exception>
    public async Task<T> RunAsync<T>(Func<T> call, CancellationToken cancel)
    {
        RefuseIfStuck();
        await _room.WaitAsync(cancel);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls.Add(() => Complete(call, done, cancel), CancellationToken.None);
        return await done.Task;
    }

    /// <inheritdoc cref="RunAsync{T}(Func{T}, CancellationToken)"/>
    public Task RunAsync(Action call, CancellationToken cancel)
        => RunAsync(
            () =>
            {
                call();
                return true;
            },
            cancel);

    /// <summary>Runs a call that is given up on after a time; from then until it returns, every other call is refused by name.</summary>
    /// <remarks>A call into the library cannot be ended from outside: some damaged files make it read for minutes.</remarks>
    /// <exception cref="TimeoutException">The call did not return in time.</exception>
    internal async Task<T> RunAsync<T>(Func<T> call, string what, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = RunAsync(() => Begin(call, begun), cancel);
        await Task.WhenAny(begun.Task, running);
        try
        {
            return await running.WaitAsync(limit, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            _stuck = what;
            _ = running.ContinueWith(_ => _stuck = null, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw new TimeoutException($"{what}: the HDF5 library did not return within {limit}; the file is damaged: set it aside");
        }
    }

    private static T Begin<T>(Func<T> call, TaskCompletionSource begun)
    {
        begun.SetResult();
        return call();
    }

    private void RefuseIfStuck()
    {
        if (_stuck is { } what)
            throw new IOException($"the HDF5 library has not returned from: {what}; restart the process");
    }

    private void Complete<T>(Func<T> call, TaskCompletionSource<T> done, CancellationToken cancel)
    {
        _room.Release();
        if (cancel.IsCancellationRequested)
            done.TrySetCanceled(cancel);
        else if (_unusable is { } missing)
            done.TrySetException(new IOException(missing.Message, missing));
        else
            Execute(call, done);
    }

    private static void Execute<T>(Func<T> call, TaskCompletionSource<T> done)
    {
        try
        {
            done.TrySetResult(call());
        }
        catch (Exception error)
        {
            // Whatever it is belongs to the caller; the thread serves others too.
            done.TrySetException(error);
        }
    }

    private void Run(Action open)
    {
        try
        {
            open();
        }
        catch (IOException missing)
        {
            _unusable = missing;
        }

        foreach (var call in _calls.GetConsumingEnumerable())
            call();
    }
}
