using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>What stands behind a local reference: the actor instance, its mailbox, children, watches and state of failure.</summary>
internal sealed partial class ActorCell : IUntypedActorContext
{
    [ThreadStatic]
    internal static ActorCell? Current;

    private readonly Stack<Receive> _behaviours = new();
    private ActorBase? _actor;
    private Receive _behaviour = null!;
    private IActorRef? _sender;
    private bool _awaiting;

    internal ActorCell(ActorSystemImpl system, Props props, IInternalActorRef parent, ActorPath path)
    {
        System = system;
        Props = props;
        Parent = parent;
        Self = new LocalActorRef(this, path);
        Mailbox = new Mailbox(this, props.Dispatcher ?? system.Dispatcher);
        Children = new ChildrenContainer(this);
        TaskScheduler = new ActorTaskScheduler(this);
    }

    internal ActorSystemImpl System { get; }

    internal LocalActorRef Self { get; }

    internal IInternalActorRef Parent { get; }

    internal Mailbox Mailbox { get; }

    internal ChildrenContainer Children { get; }

    internal ActorTaskScheduler TaskScheduler { get; }

    internal ActorBase? Actor => _actor;

    /// <summary>The message in work; while an actor has failed, the one that it failed on.</summary>
    internal object? CurrentMessage { get; set; }

    /// <summary>Counts the messages taken from the mailbox.</summary>
    internal long Turn { get; private set; }

    internal IActorRef Sender
    {
        get => _sender ?? System.DeadLetters;
        set => _sender = value;
    }

    internal IActorRef? RawSender => _sender;

    public Props Props { get; }

    ActorSystem IActorContext.System => System;

    IActorRef IActorContext.Self => Self;

    IActorRef IActorContext.Parent => Parent;

    IActorRef IActorContext.Sender => Sender;

    internal static IActorRef? CurrentSelfOrNoSender() => Current?.Self;

    internal void Start() => Mailbox.PostSystem(new SystemMessage.Create());

    internal void Invoke(object message, IActorRef? sender)
    {
        CurrentMessage = message;
        Turn++;
        _sender = sender;
        try
        {
            if (_timeout is not null)
                BeforeMessage(message);
            if (message is IAutoReceivedMessage)
                AutoReceive(message);
            else
                _actor!.AroundReceive(_behaviour, message);
            if (_awaiting || _failed)
                return;
            if (_timeout is not null)
                AfterMessage();
            CurrentMessage = null;
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause, null);
        }
    }

    internal void InvokeSystem(SystemMessage message)
    {
        try
        {
            HandleSystem(message);
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause, (message as SystemMessage.Failed)?.Child);
        }
    }

    /// <summary>Makes <paramref name="message"/> the current one for the rest of this turn: a timer's, or a stashed one's.</summary>
    internal void ReplaceCurrentMessage(object message) => CurrentMessage = message;

    internal void MessageAfterEnd(object message, IActorRef? sender)
    {
        if (message is Identify identify)
            (sender ?? System.DeadLetters).Tell(new ActorIdentity(identify.MessageId, null), Self);
        else
            System.PublishDeadLetter(message is TimerMessage timer ? timer.Payload : message, sender, Self);
    }

    internal void SystemMessageAfterEnd(SystemMessage message)
    {
        switch (message)
        {
            case SystemMessage.Watch watch when !ReferenceEquals(watch.Watcher, Self):
                watch.Watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(Self, existenceConfirmed: false));
                break;
        }
    }

    internal void AsyncReceiveStarted()
    {
        _awaiting = true;
        Mailbox.Suspend();
    }

    internal void AsyncReceiveEnded(Exception? failure)
    {
        _awaiting = false;
        Mailbox.Resume();
        if (failure is not null)
        {
            HandleInvokeFailure(failure, null);
            return;
        }

        if (_timeout is not null)
            AfterMessage();
    }

    private void HandleSystem(SystemMessage message)
    {
        switch (message)
        {
            case SystemMessage.RunTask run:
                run.Scheduler.RunQueued(run.Task);
                break;
            case SystemMessage.Create:
                Create();
                break;
            case SystemMessage.Failed failed:
                HandleFailed(failed);
                break;
            case SystemMessage.DeathWatchNotification death:
                WatchedActorTerminated(death.Actor, death.ExistenceConfirmed);
                break;
            case SystemMessage.Watch watch:
                AddWatcher(watch);
                break;
            case SystemMessage.Unwatch unwatch:
                RemoveWatcher(unwatch);
                break;
            case SystemMessage.Suspend:
                FaultSuspend();
                break;
            case SystemMessage.Resume resume:
                FaultResume(resume.CausedByFailure);
                break;
            case SystemMessage.Recreate recreate:
                FaultRecreate(recreate.Cause);
                break;
            case SystemMessage.Terminate:
                Terminate();
                break;
        }
    }

    private void AutoReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                ReceivedTerminated(terminated);
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            case PoisonPill:
                Self.SendSystemMessage(new SystemMessage.Terminate());
                break;
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, Self), Self);
                break;
            default:
                _actor!.AroundReceive(_behaviour, message);
                break;
        }
    }

    private void Create()
    {
        try
        {
            NewActor();
            _actor!.AroundPreStart();
            AfterMessage();
        }
        catch (Exception cause)
        {
            _actor = null;
            throw new ActorInitializationException(Self, $"Exception during creation: {cause.Message}", cause);
        }
    }

    private void NewActor()
    {
        _behaviours.Clear();
        _behaviour = message => _actor!.InitialReceive(message);
        _actor = null;
        var actor = Props.NewActor();
        _actor = actor;
        if (actor is IActorStash stashing)
            stashing.Stash = new ActorStash(this);
        if (actor is IWithTimers timed)
            timed.Timers = new TimerScheduler(this);
        actor.Initialise();
    }

    void IActorContext.Become(Receive receive) => Become(receive);

    void IActorContext.BecomeStacked(Receive receive) => BecomeStacked(receive);

    void IActorContext.UnbecomeStacked()
    {
        if (_behaviours.Count > 0)
            _behaviour = _behaviours.Pop();
    }

    void IUntypedActorContext.Become(UntypedReceive receive) => Become(Typed(receive));

    void IUntypedActorContext.BecomeStacked(UntypedReceive receive) => BecomeStacked(Typed(receive));

    // The actor's own Receive stays at the bottom, so that unbecoming always ends there.
    private void Become(Receive receive)
    {
        if (_behaviours.Count == 0)
            _behaviours.Push(_behaviour);
        _behaviour = receive;
    }

    private void BecomeStacked(Receive receive)
    {
        _behaviours.Push(_behaviour);
        _behaviour = receive;
    }

    private static Receive Typed(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };
}
