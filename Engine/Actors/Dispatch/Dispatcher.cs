using Akka.Actor;

namespace Akka.Dispatch;

/// <summary>Decides when and where a mailbox that has work is run.</summary>
internal interface IDispatcher
{
    /// <summary>How many messages an actor may process before another has its turn.</summary>
    int Throughput { get; }

    void Execute(Mailbox mailbox);

    /// <summary>Blocks until the task has ended; for start-up only.</summary>
    void Await(Task task) => task.Wait();
}

/// <summary>What a dispatcher may see and turn aside of its mailboxes' messages, beyond running them.</summary>
internal interface IMailboxObserver
{
    /// <summary>Something is about to be queued, on the thread that sends it.</summary>
    void Posting();

    /// <summary>Whether the message goes another way and is not to be queued.</summary>
    bool Diverts(ActorCell to, object message, IActorRef? sender);

    /// <summary>The actor is about to process the message.</summary>
    void Receiving(ActorCell cell, object message, IActorRef? sender);
}

/// <summary>Runs mailboxes on the thread pool.</summary>
internal sealed class ThreadPoolDispatcher(int throughput) : IDispatcher
{
    /// <summary>The thread's own queue is last in, first out: every so many items go to the shared one so that no actor starves.</summary>
    private const int LocalRuns = 32;

    [ThreadStatic]
    private static int _localRuns;

    public int Throughput { get; } = throughput;

    public void Execute(Mailbox mailbox)
    {
        var local = ++_localRuns % LocalRuns != 0;
        ThreadPool.UnsafeQueueUserWorkItem(mailbox, local);
    }
}

/// <summary>Runs a mailbox on the thread that sends to it, so that what was told has been received when Tell returns.</summary>
internal sealed class CallingThreadDispatcher : IDispatcher
{
    internal static readonly CallingThreadDispatcher Instance = new();

    public int Throughput => int.MaxValue;

    public void Execute(Mailbox mailbox) => mailbox.Run();
}
