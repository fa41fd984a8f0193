using System.Diagnostics.CodeAnalysis;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Flyscan.Engine.Time;

namespace Akka.Actor;

internal sealed class ActorSystemImpl : ExtendedActorSystem
{
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stack<Action> _onTermination = new();
    private readonly Dictionary<Type, Lazy<object>> _extensions = [];
    private readonly EngineScheduler _scheduler;
    private readonly RootActorPath _rootPath;
    private long _uid;
    private long _temp;
    private IActorRef? _deadLetterListener;
    private bool _ended;

    private ActorSystemImpl(string name, Config config, IEngineClock clock, IDispatcher? dispatcher, SystemSurroundings? surroundings)
    {
        Surroundings = surroundings;
        _uid = surroundings?.UidsAfter ?? 0;
        Name = name;
        Settings = new Settings(this, config);
        AskTimeout = Settings.AskTimeout;
        Clockwork = new Clockwork(clock);
        _scheduler = new EngineScheduler(Clockwork);
        StartTime = Clockwork.Elapsed;
        Dispatcher = dispatcher ?? new ThreadPoolDispatcher(config.GetInt("akka.actor.default-dispatcher.throughput", 30));
        EventStream = new EventStream(Logging.LevelOrOff(Settings.LogLevel));
        _rootPath = new RootActorPath(new Address("akka", name));
        DeadLetterRef = new DeadLetterActorRef(this, _rootPath / "deadLetters");
        IgnoreRef = new IgnoreActorRef(this, _rootPath / "ignore");
        Log = Logging.GetLogger(this, $"ActorSystem({name})");
        Clockwork.Fault = e => Log.Error(e, "A scheduled action failed");
        var outside = new OutsideActorRef(this, _rootPath / "bubble-walker", RootEnded);
        var rootCell = new ActorCell(this, Props.Create<RootGuardian>(), outside, _rootPath);
        Root = rootCell.Self;
        var guardians = Guardians.Make(rootCell);
        rootCell.Start();
        (UserGuardian, SystemGuardian) = (guardians.User, guardians.System);
        Serialization = new Akka.Serialization.Serialization(this);
    }

    public override string Name { get; }

    public override Settings Settings { get; }

    public override IScheduler Scheduler => _scheduler;

    public override EventStream EventStream { get; }

    public override IActorRef DeadLetters => DeadLetterRef;

    public override IActorRef IgnoreRef { get; }

    public override Akka.Serialization.Serialization Serialization { get; }

    public override ILoggingAdapter Log { get; }

    public override Task WhenTerminated => _terminated.Task;

    internal Clockwork Clockwork { get; }

    internal IDispatcher Dispatcher { get; }

    /// <summary>What stands in place of the machine; null on the machine itself.</summary>
    internal SystemSurroundings? Surroundings { get; }

    internal DeadLetterActorRef DeadLetterRef { get; }

    internal LocalActorRef Root { get; }

    internal LocalActorRef UserGuardian { get; }

    internal LocalActorRef SystemGuardian { get; }

    internal TimeSpan AskTimeout { get; }

    public override IActorRef ActorOf(Props props, string? name = null) => UserGuardian.Cell.ActorOf(props, name);

    public override IActorRef SystemActorOf(Props props, string? name = null) => SystemGuardian.Cell.ActorOf(props, name);

    public override ActorSelection ActorSelection(ActorPath actorPath) => new(At(actorPath.Address), actorPath.Elements);

    public override ActorSelection ActorSelection(string actorPath) => Actor.ActorSelection.Parse(this, UserGuardian, actorPath);

    public override void Stop(IActorRef actor)
    {
        var target = (IInternalActorRef)actor;
        if (target.ParentRef is LocalActorRef parent)
            parent.Cell.Children.MarkDying(target);
        target.SendSystemMessage(new SystemMessage.Terminate());
    }

    public override object RegisterExtension(IExtensionId extension)
    {
        Lazy<object> made;
        lock (_extensions)
        {
            if (!_extensions.TryGetValue(extension.ExtensionType, out made!))
                _extensions.Add(extension.ExtensionType, made = new Lazy<object>(() => extension.CreateExtension(this)));
        }

        return made.Value;
    }

    public override object GetExtension(IExtensionId extensionId) => RegisterExtension(extensionId);

    public override T GetExtension<T>() =>
        TryGetExtension<T>(out var extension) ? extension : throw new InvalidOperationException($"No extension {typeof(T)} is registered");

    public override bool HasExtension(Type type) => TryGetExtension(type, out _);

    public override bool HasExtension<T>() => HasExtension(typeof(T));

    public override bool TryGetExtension(Type extensionType, [NotNullWhen(true)] out object? extension)
    {
        Lazy<object>? made;
        lock (_extensions)
            _extensions.TryGetValue(extensionType, out made);
        extension = made?.Value;
        return made is not null;
    }

    public override bool TryGetExtension<T>([NotNullWhen(true)] out T? extension)
        where T : class
    {
        var found = TryGetExtension(typeof(T), out var made);
        extension = made as T;
        return found;
    }

    public override void RegisterOnTermination(Action code)
    {
        lock (_onTermination)
        {
            if (!_ended)
            {
                _onTermination.Push(code);
                return;
            }
        }

        throw new InvalidOperationException($"The actor system {Name} has already terminated");
    }

    public override Task Terminate()
    {
        if (Settings.CoordinatedShutdownRunByActorSystemTerminate)
            CoordinatedShutdown.Get(this).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance);
        else
            FinalTerminate();
        return WhenTerminated;
    }

    public override string ToString() => _rootPath.Address.ToString();

    internal static ActorSystemImpl Start(
        string name, Config config, IEngineClock clock, IDispatcher? dispatcher, SystemSurroundings? surroundings = null)
    {
        if (string.IsNullOrEmpty(name)
            || !char.IsAsciiLetterOrDigit(name[0])
            || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
            throw new ArgumentException(
                $"invalid ActorSystem name [{name}], must contain only word characters (i.e. [a-zA-Z0-9] plus non-leading '-' and '_')");
        KnownKeys.Check(config);
        var system = new ActorSystemImpl(name, config.WithFallback(KnownKeys.Reference), clock, dispatcher, surroundings);
        LoggerStarter.Start(system);
        if (system.Settings.LogDeadLetters > 0)
            system._deadLetterListener = system.SystemActorOf(Props.Create<DeadLetterListener>(), "deadLetterListener");
        return system;
    }

    internal void FinalTerminate()
    {
        if (!Settings.LogDeadLettersDuringShutdown && _deadLetterListener is { } listener)
            Stop(listener);
        UserGuardian.SendSystemMessage(new SystemMessage.Terminate());
    }

    internal long NextUid() => Interlocked.Increment(ref _uid);

    internal ActorPath NextTempPath()
    {
        var number = Interlocked.Increment(ref _temp);
        return new ChildActorPath(_rootPath / "temp", $"${number}", 0);
    }

    /// <summary>Where paths with this address start: the root, or nobody where the address is another system's that cannot be
    /// reached.</summary>
    internal IInternalActorRef At(Address address) =>
        address.Equals(_rootPath.Address) ? Root : Elsewhere(new RootActorPath(address));

    internal IInternalActorRef Resolve(ActorPath path)
    {
        if (!path.Address.Equals(_rootPath.Address))
            return Elsewhere(path);
        IInternalActorRef at = Root;
        foreach (var element in path.Elements)
        {
            if (at.ChildRef(element) is not { } next)
                return new EmptyLocalActorRef(this, path);
            at = next;
        }

        return path.Uid == 0 || path.Uid == at.Path.Uid ? at : new EmptyLocalActorRef(this, path);
    }

    internal void PublishDeadLetter(object message, IActorRef? sender, IActorRef recipient)
    {
        if (message is AllDeadLetters letter)
            EventStream.Publish(letter);
        else if (message is IDeadLetterSuppression suppressed)
            EventStream.Publish(new SuppressedDeadLetter(suppressed, sender ?? DeadLetters, recipient));
        else
            EventStream.Publish(new DeadLetter(message, sender ?? DeadLetters, recipient));
    }

    private IInternalActorRef Elsewhere(ActorPath path) =>
        Surroundings?.Remote is { } remote ? remote(path) : new EmptyLocalActorRef(this, path);

    private void RootEnded()
    {
        Action[] callbacks;
        lock (_onTermination)
        {
            _ended = true;
            callbacks = [.. _onTermination];
        }

        foreach (var callback in callbacks)
            Guarded(callback);
        Clockwork.Dispose();
        _terminated.TrySetResult();
    }

    // One callback's fault must not keep the others from running, nor the system from ending.
    private void Guarded(Action callback)
    {
        try
        {
            callback();
        }
        catch (Exception e)
        {
            Log.Error(e, "A callback for the end of the actor system failed");
        }
    }
}
