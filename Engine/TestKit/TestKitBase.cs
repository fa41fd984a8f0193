using System.Linq.Expressions;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.TestKit;

/// <summary>Marks tests whose messages have no sender unless one is given.</summary>
public interface INoImplicitSender;

/// <summary>An actor system under test and an actor that the test listens with.</summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    private static long _testActors;

    private readonly ITestKitAssertions _assertions;
    private readonly TestActorQueue _queue = new();
    private readonly Lazy<EventFilterFactory> _eventFilter;
    private ReceivedMessage? _last;
    private TimeSpan? _end;
    private bool _lastWasNoMsg;

    protected TestKitBase(ITestKitAssertions assertions, ActorSystem? system = null, string? testActorName = null)
        : this(assertions, system ?? ActorSystem.Create("test", DefaultConfig), testActorName, 0)
    {
    }

    protected TestKitBase(
        ITestKitAssertions assertions, Config config, string? actorSystemName = null, string? testActorName = null)
        : this(assertions, ActorSystem.Create(actorSystemName ?? "test", config.WithFallback(DefaultConfig)), testActorName, 0)
    {
    }

    private TestKitBase(ITestKitAssertions assertions, ActorSystem system, string? testActorName, int _)
    {
        _assertions = assertions;
        Sys = system;
        TestKitSettings = TestKitExtension.For(system);
        _eventFilter = new Lazy<EventFilterFactory>(() => new EventFilterFactory(this));
        var name = testActorName ?? $"testActor{Interlocked.Increment(ref _testActors)}";
        TestActor = ((ExtendedActorSystem)system).SystemActorOf(InternalTestActor.Props(_queue), name);
        UseImplicitSender();
    }

    public static Config DefaultConfig { get; } = ConfigurationFactory.ParseString(
        """
        akka.loglevel = DEBUG
        akka.stdout-loglevel = OFF
        akka.test { timefactor = 1.0, filter-leeway = 3s, single-expect-default = 3s, default-timeout = 5s }
        """);

    public static TimeSpan Now => TimeProvider.System.GetElapsedTime(0);

    public ActorSystem Sys { get; }

    public IActorRef TestActor { get; }

    public TestKitSettings TestKitSettings { get; }

    public ILoggingAdapter Log => Sys.Log;

    public EventFilterFactory EventFilter => _eventFilter.Value;

    public bool HasMessages => _queue.Count > 0;

    public object? LastMessage => _last?.Message;

    public IActorRef? LastSender => _last?.Sender;

    public TimeSpan Remaining => _end is { } end
        ? Max(end - Now, TimeSpan.Zero)
        : throw new InvalidOperationException(@"Remaining may not be called outside of ""within""");

    public TimeSpan RemainingOrDefault => RemainingOr(Dilated(TestKitSettings.SingleExpectDefault));

    public EventFilterFactory CreateEventFilter(ActorSystem system) => new(this, system);

    public IActorRef ActorOf(Props props) => Sys.ActorOf(props);

    public IActorRef ActorOf(Props props, string? name) => Sys.ActorOf(props, name);

    public IActorRef ActorOf<TActor>()
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>());

    public IActorRef ActorOf<TActor>(string name)
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>(), name);

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory));

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string name)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), name);

    public ActorSelection ActorSelection(ActorPath actorPath) => Sys.ActorSelection(actorPath);

    public ActorSelection ActorSelection(string actorPath) => Sys.ActorSelection(actorPath);

    public ActorSelection ActorSelection(IActorRef anchorRef, string actorPath) => Sys.ActorSelection(anchorRef, actorPath);

    /// <summary>Makes a child of the test actor.</summary>
    public IActorRef ChildActorOf(Props props, CancellationToken cancellationToken = default) => Child(props, null, cancellationToken);

    public IActorRef ChildActorOf(Props props, string name, CancellationToken cancellationToken = default) =>
        Child(props, name, cancellationToken);

    public virtual TestProbe CreateTestProbe(string? name = null) => CreateTestProbe(Sys, name);

    public virtual TestProbe CreateTestProbe(ActorSystem system, string? name = null) => new(system, _assertions, name);

    public IActorRef CreateTestActor(string name) =>
        ((ExtendedActorSystem)Sys).SystemActorOf(InternalTestActor.Props(new TestActorQueue()), name);

    /// <summary>Makes the test actor watch.</summary>
    public IActorRef Watch(IActorRef actorToWatch)
    {
        TestActor.Tell(new InternalTestActor.StartWatching(actorToWatch), TestActor);
        return actorToWatch;
    }

    public IActorRef Unwatch(IActorRef actorToUnwatch)
    {
        TestActor.Tell(new InternalTestActor.StopWatching(actorToUnwatch), TestActor);
        return actorToUnwatch;
    }

    public void IgnoreMessages(Func<object, bool> shouldIgnoreMessage) => _queue.Ignore = shouldIgnoreMessage;

    public void IgnoreMessages<TMsg>(Func<TMsg, bool> shouldIgnoreMessage) => IgnoreMessages(m => m is TMsg t && shouldIgnoreMessage(t));

    public void IgnoreMessages<TMsg>() => IgnoreMessages(m => m is TMsg);

    public void IgnoreNoMessages() => _queue.Ignore = null;

    public TimeSpan Dilated(TimeSpan duration) => duration == Timeout.InfiniteTimeSpan || duration == TimeSpan.MaxValue
        ? duration
        : duration * TestKitSettings.TestTimeFactor;

    public TimeSpan RemainingOrDilated(TimeSpan? duration) => duration is { } given
        ? given == Timeout.InfiniteTimeSpan ? throw new ArgumentException("max duration cannot be infinite") : Dilated(given)
        : RemainingOrDefault;

    public TimeSpan GetTimeoutOrDefault(TimeSpan? timeout) => timeout ?? Dilated(TestKitSettings.DefaultTimeout);

    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) =>
        Shutdown(Sys, duration, verifySystemShutdown);

    protected TimeSpan RemainingOr(TimeSpan duration) => _end is null ? duration : Remaining;

    protected virtual void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        var within = duration ?? Max(Dilated(TimeSpan.FromSeconds(5)), TimeSpan.FromSeconds(10));
        var ended = system.Terminate().Wait(within);
        if (!ended && verifySystemShutdown)
            throw new TimeoutException($"Failed to stop [{system.Name}] within [{within}]");
    }

    private IActorRef Child(Props props, string? name, CancellationToken cancellationToken) =>
        TestActor.Ask<IActorRef>(new InternalTestActor.MakeChild(props, name), cancellationToken).GetAwaiter().GetResult();

    // What the test's own thread tells has the test actor as its sender, also after an await.
    private void UseImplicitSender()
    {
        if (this is TestProbe)
            return;
        var cell = this is INoImplicitSender ? null : ((LocalActorRef)TestActor).Cell;
        ActorCell.Current = cell;
        SynchronizationContext.SetSynchronizationContext(new SenderKeepingContext(cell));
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed class SenderKeepingContext(ActorCell? cell) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => ThreadPool.QueueUserWorkItem(_ =>
        {
            var outer = (Cell: ActorCell.Current, Context: Current);
            SetSynchronizationContext(this);
            ActorCell.Current = cell;
            try
            {
                d(state);
            }
            finally
            {
                ActorCell.Current = outer.Cell;
                SetSynchronizationContext(outer.Context);
            }
        });

        public override void Send(SendOrPostCallback d, object? state) => d(state);
    }
}
