using System.Runtime.CompilerServices;
using Akka.Dispatch;
using Flyscan.Engine.Time;

namespace Akka.Actor;

/// <summary>Asks an actor and gives its answer as a task.</summary>
public static class Futures
{
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<object>(message, timeout, CancellationToken.None);

    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<object>(message, null, cancellationToken);

    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<object>(message, timeout, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<T>(message, null, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var promise = Promise<T>.Make(self, timeout, cancellationToken);
        self.Tell(message, promise);
        return promise.Task;
    }

    /// <summary>The same for a message that names its answer's receiver.</summary>
    public static Task<T> Ask<T>(
        this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var promise = Promise<T>.Make(self, timeout, cancellationToken);
        self.Tell(messageFactory(promise), promise);
        return promise.Task;
    }

    internal static ActorSystemImpl? SystemOf(ICanTell target) => target switch
    {
        IInternalActorRef inner => inner.System,
        ActorSelection selection => SystemOf(selection.Anchor),
        _ => ActorCell.Current?.System,
    };
}

/// <summary>The receiver of one answer.</summary>
internal sealed class Promise<T> : ActorRefBase
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ActorSystemImpl _system;
    private ActorPath? _path;
    private ScheduledItem? _timeout;
    private CancellationTokenRegistration _cancellation;

    private Promise(ActorSystemImpl system) => _system = system;

    public override ActorPath Path
    {
        get
        {
            if (_path is null)
                Interlocked.CompareExchange(ref _path, _system.NextTempPath(), null);
            return _path;
        }
    }

    public override ActorSystemImpl System => _system;

    public override IInternalActorRef ParentRef => _system.Root;

    internal Task<T> Task => _result.Task;

    public override bool IsTerminated => _result.Task.IsCompleted;

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    public override void Tell(object message, IActorRef? sender)
    {
        var handled = message switch
        {
            T answer => _result.TrySetResult(answer),
            Status.Failure failure => _result.TrySetException(failure.Cause ?? new TaskCanceledException("The answer is a failure")),
            _ => Refuse(message),
        };
        if (handled)
            Release();
        else if (!_result.Task.IsCanceled)
            _system.PublishDeadLetter(message, this, _system.DeadLetters);
    }

    internal static Promise<T> Make(ICanTell target, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var system = Futures.SystemOf(target)
            ?? throw new ArgumentException($"Unable to resolve the target {target} of Ask to an actor system", nameof(target));
        var promise = new Promise<T>(system);
        var after = timeout ?? system.AskTimeout;
        if (after != Timeout.InfiniteTimeSpan && after != TimeSpan.MaxValue)
        {
            promise._timeout = new TimeoutItem(promise, after);
            system.Clockwork.Add(promise._timeout, after);
        }

        if (cancellationToken.CanBeCanceled)
            promise._cancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((Promise<T>)state!).Cancel(token), promise);
        return promise;
    }

    // An answer of another type fails the task and is a dead letter besides.
    private bool Refuse(object message)
    {
        if (_result.TrySetException(new ArgumentException(
            $"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]")))
            Release();
        return false;
    }

    private void Cancel(CancellationToken token)
    {
        if (_result.TrySetCanceled(token))
            _timeout?.Cancel();
    }

    private void Release()
    {
        _timeout?.Cancel();
        _cancellation.Dispose();
    }

    private sealed class TimeoutItem(Promise<T> promise, TimeSpan after) : ScheduledItem
    {
        internal override void Run()
        {
            if (promise._result.TrySetException(new AskTimeoutException($"Timeout after {after} seconds")))
                promise._cancellation.Dispose();
        }
    }
}

/// <summary>Sends a task's outcome to an actor.</summary>
public static class PipeToSupport
{
    public static Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null) => taskToPipe.PipeTo(recipient, false, sender, success, failure);

    public static Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        bool useConfigureAwait,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null)
    {
        using (DeterministicContext.Enter(Futures.SystemOf(recipient)))
            return Pipe(taskToPipe, recipient, useConfigureAwait, sender, success, failure);
    }

    public static Task PipeTo(
        this Task taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null)
    {
        using (DeterministicContext.Enter(Futures.SystemOf(recipient)))
            return Pipe(taskToPipe, recipient, sender, success, failure);
    }

    public static Task PipeTo<T>(
        this ValueTask<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null) => taskToPipe.AsTask().PipeTo(recipient, sender, success, failure);

    public static Task PipeTo(
        this ValueTask taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null) => taskToPipe.AsTask().PipeTo(recipient, sender, success, failure);

    private static async Task Pipe<T>(
        Task<T> task,
        ICanTell recipient,
        bool useConfigureAwait,
        IActorRef? sender,
        Func<T, object>? success,
        Func<Exception, object>? failure)
    {
        try
        {
            var result = await task.ConfigureAwait(useConfigureAwait || DeterministicContext.IsCurrent);
            recipient.Tell(success is null ? result! : success(result), sender);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
        }
    }

    private static async Task Pipe(
        Task task, ICanTell recipient, IActorRef? sender, Func<object>? success, Func<Exception, object>? failure)
    {
        try
        {
            await task.ConfigureAwait(DeterministicContext.IsCurrent);
            if (success is not null)
                recipient.Tell(success(), sender);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
        }
    }
}
