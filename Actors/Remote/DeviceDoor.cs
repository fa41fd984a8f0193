using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Remote;

/// <summary>Where a device's actor is reached from other processes. It obeys the channel of the newest epoch; others are told that they are
/// not known.</summary>
public sealed class DeviceDoor : ReceiveActor
{
    private readonly IActorRef _device;
    private readonly bool _connects;
    private readonly TimeProvider _time;
    private IActorRef? _session;
    private long _channel;

    public DeviceDoor(IActorRef device, bool connects, TimeProvider time)
    {
        (_device, _connects, _time) = (device, connects, time);
        Receive<ChannelFrame>(Hear);
        Receive<Terminated>(Ended);
    }

    /// <param name="connects">Whether the actor connects a lost device when asked to, as a <see cref="DeviceActor"/> does.</param>
    public static Props Props(IActorRef device, bool connects, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new DeviceDoor(device, connects, time));

    private void Hear(ChannelFrame frame)
    {
        if (frame.Channel > _channel && frame.Number == 1)
            Open(frame.Channel);
        if (frame.Channel == _channel && _session is not null)
            _session.Forward(frame);
        else
            Sender.Tell(new ChannelUnknown(frame.Channel));
    }

    private void Open(long channel)
    {
        if (_session is not null)
        {
            Context.Unwatch(_session);
            Context.Stop(_session);
        }
        var (device, connects, time) = (_device, _connects, _time);
        _channel = channel;
        _session = Context.ActorOf(Akka.Actor.Props.Create(() => new DoorSession(device, connects, channel, time)), $"epoch-{channel}");
        Context.Watch(_session);
    }

    private void Ended(Terminated ended)
    {
        if (ended.ActorRef.Equals(_session))
            _session = null;
    }
}

/// <summary>One supervisor's way to the device. Ends when the supervisor has not been heard for long.</summary>
internal sealed class DoorSession : ReceiveActor, IWithTimers
{
    private readonly IActorRef _device;
    private readonly TimeProvider _time;
    private readonly ReliableEnd _end;
    // What came before the device was ready.
    private readonly Queue<object> _early = new();
    private IActorRef _proxy = ActorRefs.Nobody;
    private bool _isReady;

    public DoorSession(IActorRef device, bool connects, long channel, TimeProvider time)
    {
        (_device, _time, _end) = (device, time, new ReliableEnd(channel));
        Receive<ChannelFrame>(Hear);
        Receive<ScanCommand>(Answer);
        Receive<DeviceReady>(_ => Ready());
        Receive<ResendDue>(_ => Resend());
        _isReady = !connects;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        base.PreStart();
        if (!_isReady)
            _device.Tell(new ConnectDevice());
    }

    private void Ready()
    {
        _isReady = true;
        while (_early.TryDequeue(out var message))
            _device.Tell(message);
    }

    private void Hear(ChannelFrame frame)
    {
        _proxy = Sender;
        var message = _end.Receive(frame);
        if (frame.Number > 0)
            _proxy.Tell(_end.Acknowledgement);
        if (message is null or ChannelPing)
            return;
        if (_isReady)
            _device.Tell(message);
        else
            _early.Enqueue(message);
    }

    private void Answer(ScanCommand answer)
    {
        _proxy.Tell(_end.Send(answer, NowNs));
        if (!Timers.IsTimerActive(ResendDue.Instance))
            Timers.StartPeriodicTimer(ResendDue.Instance, ResendDue.Instance, DeviceProxy.ResendPeriod);
    }

    private void Resend()
    {
        if (_end.UnheardSinceNs is not long since)
            Timers.Cancel(ResendDue.Instance);
        // Twice as long as the other end waits: it has given up before.
        else if (NowNs - since >= 2 * DeviceProxy.Patience.Ticks * 100)
            Context.Stop(Self);
        else
            foreach (var frame in _end.Again(NowNs - DeviceProxy.ResendPeriod.Ticks * 100))
                _proxy.Tell(frame);
    }

    private long NowNs => _time.ElapsedNs();

    private sealed class ResendDue : INoSerializationVerificationNeeded
    {
        public static readonly ResendDue Instance = new();
    }
}
