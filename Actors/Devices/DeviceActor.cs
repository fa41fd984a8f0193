using Akka.Actor;
using Akka.Event;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>One device behind one driver: carries out orders of the newest epoch, answers each exactly once, and says when
/// the device is lost.</summary>
/// <remarks>When nothing is heard of the supervisor for the length of its lease, the device goes to its safe state by itself. Supervision:
/// a restart keeps the driver, which belongs to whoever made the actor; orders under way answer all
/// the same.</remarks>
public abstract class DeviceActor : ReceiveActor, IWithTimers
{
    private readonly IDevice _device;
    // In the order in which they came, so that they are told in the same order in every process.
    private readonly List<IActorRef> _watchers = [];
    private CancellationTokenSource _current = new();
    private (long Epoch, long Number) _last;
    private string? _lost;
    private DeviceLease? _lease;
    private long _heardNs;
    private long _busyUntilNs;

    protected DeviceActor(IDevice device, TimeProvider time)
    {
        _device = device;
        Time = time;
        Receive<DeviceOrder>(Hear);
        Receive<WatchDevice>(_ => Watch(Sender));
        Receive<DeviceIsLost>(Lose);
        Receive<KeepLease>(Keep);
        Receive<ReleaseLease>(Release);
        Receive<LeaseDue>(_ => LookAtLease());
        Receive<LeaseEnforced>(Enforced);
        Receive<ConnectDevice>(_ => Connect());
        Receive<Connected>(Tried);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected TimeProvider Time { get; }

    protected ILoggingAdapter Log { get; } = Context.GetLogger();

    protected long NowNs => Time.NowNs();

    /// <summary>Orders of this kind of device; <see cref="ScanEffect.MakeSafe"/> is done here.</summary>
    protected abstract void Carry(DeviceOrder order);

    protected override void PreStart()
    {
        var self = Self;
        _device.Lost += reason => self.Tell(new DeviceIsLost(reason), ActorRefs.NoSender);
        base.PreStart();
    }

    /// <summary>Runs a driver call and tells the asker its outcome; a driver that throws has failed, and says so.</summary>
    protected void Run<T>(Func<CancellationToken, Task<Outcome<T>>> call, Func<long, Outcome<T>, ScanCommand> answer)
    {
        var time = Time;
        Task<Outcome<T>> running;
        try
        {
            running = call(_current.Token);
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            running = Task.FromResult<Outcome<T>>(new Outcome<T>.Failed(thrown.Message));
        }
        running.PipeTo(
            Sender,
            Self,
            outcome => answer(time.NowNs(), outcome),
            thrown => answer(time.NowNs(), OutcomeOf<T>(thrown)));
    }

    protected static Outcome<T> OutcomeOf<T>(Exception thrown) => thrown.GetBaseException() switch
    {
        OperationCanceledException => new Outcome<T>.Cancelled(),
        var cause => new Outcome<T>.Failed(cause.Message),
    };

    private void Hear(DeviceOrder order)
    {
        if (!order.IsAfter(_last))
        {
            Log.Warning("{0}: order {1} of epoch {2} ignored, the last was {3}", _device.Name, order.Number, order.Epoch, _last);
            return;
        }
        _last = (order.Epoch, order.Number);
        Watch(Sender);
        HoldLease(order.Run.Lease);
        if (order.Effect is ScanEffect.MakeSafe)
            MakeSafe();
        else
            Carry(order);
    }

    private void Watch(IActorRef watcher)
    {
        if (_watchers.Contains(watcher))
            return;
        _watchers.Add(watcher);
        // A successor must not take for a fault what is a loss.
        if (_lost is not null)
            watcher.Tell(new ScanCommand.DeviceLost(NowNs, _device.Name, _lost));
    }

    private void Keep(KeepLease keep)
    {
        if (keep.Epoch < _last.Epoch)
            return;
        // One in charge that has had no order for this device yet: what a predecessor left may need its lease all the same.
        if (keep.Epoch > _last.Epoch)
            _last = (keep.Epoch, 0);
        HoldLease(keep.Lease ?? _lease ?? DeviceLease.Default);
        _busyUntilNs = _heardNs + keep.BusyForNs;
    }

    private void HoldLease(DeviceLease lease)
    {
        _heardNs = Time.ElapsedNs();
        if (_lease is null)
            Timers.StartPeriodicTimer(LeaseDue.Instance, LeaseDue.Instance, lease.Length / 4);
        _lease = lease;
    }

    private void Release(ReleaseLease release)
    {
        if (release.Epoch < _last.Epoch)
            return;
        _lease = null;
        Timers.Cancel(LeaseDue.Instance);
    }

    private void LookAtLease()
    {
        var now = Time.ElapsedNs();
        if (_lease is not DeviceLease lease || now - _heardNs < lease.Length.Ticks * 100
            || (lease.End == LeaseEnd.FinishTake && now < _busyUntilNs))
            return;
        Log.Warning(
            "{0}: nothing heard of the supervisor of epoch {1} for {2:0.#} s; going to the safe state",
            _device.Name, _last.Epoch, (now - _heardNs) / 1e9);
        Timers.Cancel(LeaseDue.Instance);
        GiveUpOrders();
        _device.MakeSafeAsync(_current.Token).PipeTo(
            Self, Self, outcome => new LeaseEnforced(outcome.Problem), thrown => new LeaseEnforced(OutcomeOf<Nothing>(thrown).Problem));
    }

    /// <summary>A safe state that was not reached is tried again as long as nobody else takes over.</summary>
    private void Enforced(LeaseEnforced enforced)
    {
        if (enforced.Problem is not string problem)
        {
            if (!Timers.IsTimerActive(LeaseDue.Instance))
                _lease = null;
            return;
        }
        Log.Error("{0}: its safe state was not reached: {1}; tried again", _device.Name, problem);
        if (_lease is DeviceLease lease)
            Timers.StartPeriodicTimer(LeaseDue.Instance, LeaseDue.Instance, lease.Length / 4);
    }

    private void GiveUpOrders()
    {
        _current.Cancel();
        _current = new CancellationTokenSource();
    }

    private void MakeSafe()
    {
        GiveUpOrders();
        Run(_device.MakeSafeAsync, (at, outcome) => new ScanCommand.MadeSafe(at, _device.Name, outcome));
    }

    /// <summary>One that was lost is connected again before a new supervisor asks anything of it.</summary>
    private void Connect()
    {
        var asker = Sender;
        if (_lost is null)
        {
            asker.Tell(new DeviceReady());
            return;
        }
        _device.ConnectAsync(CancellationToken.None).PipeTo(
            Self, Self, outcome => new Connected(asker, outcome.Problem),
            thrown => new Connected(asker, OutcomeOf<Nothing>(thrown).Problem));
    }

    private void Tried(Connected tried)
    {
        _lost = tried.Problem;
        tried.Asker.Tell(new DeviceReady());
    }

    private void Lose(DeviceIsLost lost)
    {
        _lost = lost.Reason;
        Log.Warning("{0} is lost: {1}", _device.Name, lost.Reason);
        foreach (var watcher in _watchers)
            watcher.Tell(new ScanCommand.DeviceLost(NowNs, _device.Name, lost.Reason));
    }

    private sealed class LeaseDue : INoSerializationVerificationNeeded
    {
        public static readonly LeaseDue Instance = new();
    }

    private sealed record Connected(IActorRef Asker, string? Problem) : INoSerializationVerificationNeeded;

    private sealed record LeaseEnforced(string? Problem) : INoSerializationVerificationNeeded;

    private sealed record DeviceIsLost(string Reason) : INoSerializationVerificationNeeded;
}
