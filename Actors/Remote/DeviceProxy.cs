using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Remote;

/// <summary>Stands for a device whose actor is in another process: what a supervisor tells it reaches the device once and in order, or it
/// says that the device is lost.</summary>
/// <remarks>Made anew for each supervisor. After a loss every order is answered as failed, and nothing more that the host says is passed
/// on: a successor asks anew.</remarks>
public sealed class DeviceProxy : ReceiveActor, IWithTimers
{
    /// <summary>How long a host may be silent.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    internal static readonly TimeSpan ResendPeriod = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PingPeriod = TimeSpan.FromSeconds(1);

    private readonly string _device;
    private readonly IActorRef _door;
    private readonly TimeProvider _time;
    private readonly long _epoch;
    private readonly ReliableEnd _end;
    private readonly List<DeviceOrder> _unanswered = [];
    private IActorRef _supervisor = ActorRefs.Nobody;
    private string? _lost;

    public DeviceProxy(string device, IActorRef door, long epoch, TimeProvider time)
    {
        (_device, _door, _time, _epoch, _end) = (device, door, time, epoch, new ReliableEnd(epoch));
        Receive<DeviceOrder>(Carry);
        Receive<KeepLease>(Send);
        Receive<ReleaseLease>(Send);
        Receive<ChannelFrame>(Hear);
        Receive<ChannelUnknown>(unknown => Forgotten(unknown.Channel == epoch));
        Receive<ResendDue>(_ => Resend());
        Receive<PingDue>(_ => Ping());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="door">The device's <see cref="DeviceDoor"/>.</param>
    public static Props Props(string device, IActorRef door, long epoch, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new DeviceProxy(device, door, epoch, time));

    protected override void PreStart()
    {
        base.PreStart();
        Timers.StartPeriodicTimer(PingDue.Instance, PingDue.Instance, PingPeriod);
    }

    private void Carry(DeviceOrder order)
    {
        // Another's: its answer would be taken for one to ours.
        if (order.Epoch != _epoch)
            return;
        _supervisor = Sender;
        if (_lost is not null)
        {
            // Said again: whoever gives an order may have taken the device for found meanwhile, and would call this a fault of it.
            _supervisor.Tell(new ScanCommand.DeviceLost(_time.NowNs(), _device, _lost));
            Answer(order);
            return;
        }
        if (OrderAnswers.Failed(order.Effect, 0, "") is not null)
            _unanswered.Add(order);
        Send(order);
    }

    private void Send(object message)
    {
        if (_lost is not null)
            return;
        _door.Tell(_end.Send(message, NowNs));
        if (!Timers.IsTimerActive(ResendDue.Instance))
            Timers.StartPeriodicTimer(ResendDue.Instance, ResendDue.Instance, ResendPeriod);
    }

    private void Hear(ChannelFrame frame)
    {
        if (_lost is not null)
            return;
        var message = _end.Receive(frame);
        if (frame.Number > 0)
            _door.Tell(_end.Acknowledgement);
        if (message is not ScanCommand command)
            return;
        var answered = OrderAnswers.KeyOf(command);
        var order = _unanswered.FindIndex(o => OrderAnswers.KeyOf(OrderAnswers.Failed(o.Effect, 0, "")!) == answered);
        if (order >= 0)
            _unanswered.RemoveAt(order);
        // By our clock: that of the host may be another.
        _supervisor.Tell(command with { AtNs = _time.NowNs() });
    }

    private void Forgotten(bool isOurs)
    {
        if (isOurs && _end.WasHeard)
            Lose($"{_device}'s host was started anew, or obeys another supervisor");
    }

    private void Resend()
    {
        if (_end.UnheardSinceNs is not long since)
        {
            Timers.Cancel(ResendDue.Instance);
            return;
        }
        if (NowNs - since >= Patience.Ticks * 100)
        {
            Lose($"{_device}'s host has not answered for {Patience.TotalSeconds:0} s");
            return;
        }
        foreach (var frame in _end.Again(NowNs - ResendPeriod.Ticks * 100))
            _door.Tell(frame);
    }

    private void Ping()
    {
        if (_end.UnheardSinceNs is null)
            Send(new ChannelPing());
    }

    private void Lose(string reason)
    {
        if (_lost is not null)
            return;
        _lost = reason;
        Timers.CancelAll();
        _supervisor.Tell(new ScanCommand.DeviceLost(_time.NowNs(), _device, reason));
        foreach (var order in _unanswered)
            Answer(order);
        _unanswered.Clear();
    }

    private void Answer(DeviceOrder order)
    {
        if (OrderAnswers.Failed(order.Effect, _time.NowNs(), _lost!) is ScanCommand failed)
            _supervisor.Tell(failed);
    }

    private long NowNs => _time.ElapsedNs();

    private sealed class ResendDue : INoSerializationVerificationNeeded
    {
        public static readonly ResendDue Instance = new();
    }

    private sealed class PingDue : INoSerializationVerificationNeeded
    {
        public static readonly PingDue Instance = new();
    }
}
