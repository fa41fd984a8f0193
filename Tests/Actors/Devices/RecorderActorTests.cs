using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Actors.Devices;

public sealed class RecorderActorTests : PatientTestKit
{
    private readonly StillRecorder _recorder = new();
    private readonly IActorRef _actor;

    private long _orders;

    public RecorderActorTests() =>
        _actor = Sys.ActorOf(RecorderActor.Props(_recorder, new NoSalvage(), TimeProvider.System), "cam");

    [Fact]
    public void An_order_that_comes_twice_is_carried_out_once()
    {
        var order = Order(7, new ScanEffect.ArmRecorder(1, "cam", 10));
        _actor.Tell(order);
        _actor.Tell(order);
        _actor.Tell(Order(7, new ScanEffect.ArmRecorder(2, "cam", 10)));
        Assert.Equal(1, ExpectMsg<ScanCommand.RecorderArmed>().Take);
        Assert.Equal(2, ExpectMsg<ScanCommand.RecorderArmed>().Take);
        Assert.Equal(2, _recorder.Armed);
    }

    [Fact]
    public void An_order_of_an_older_epoch_is_neither_carried_out_nor_answered()
    {
        _actor.Tell(Order(7, new ScanEffect.ArmRecorder(1, "cam", 10)));
        Assert.Equal(1, ExpectMsg<ScanCommand.RecorderArmed>().Take);
        _actor.Tell(Order(6, new ScanEffect.ArmRecorder(2, "cam", 10)));
        _actor.Tell(Order(7, new ScanEffect.ArmRecorder(3, "cam", 10)));
        Assert.Equal(3, ExpectMsg<ScanCommand.RecorderArmed>().Take);
        Assert.Equal(2, _recorder.Armed);
    }

    [Fact]
    public void A_question_is_answered_when_its_frames_are_recorded_and_not_before()
    {
        _actor.Tell(Order(1, new ScanEffect.CollectRecorder(1, "cam", true, 20)));
        _actor.Tell(Order(1, new ScanEffect.ArmRecorder(2, "cam", 10)));
        ExpectMsg<ScanCommand.RecorderArmed>();
        _recorder.Record(19);
        _recorder.Record(20);
        var collected = ExpectMsg<ScanCommand.RecorderCollected>();
        var status = Assert.IsType<Outcome<RecorderStatus>.Completed>(collected.Outcome).Value;
        Assert.Equal((1, true, 20L), (collected.Take, collected.Final, status.Recorded));
    }

    [Fact]
    public void A_question_that_does_not_wait_is_answered_with_what_there_is()
    {
        _recorder.Record(5);
        _actor.Tell(Order(1, new ScanEffect.CollectRecorder(1, "cam", false, 0)));
        var collected = ExpectMsg<ScanCommand.RecorderCollected>();
        Assert.Equal(5, Assert.IsType<Outcome<RecorderStatus>.Completed>(collected.Outcome).Value.Recorded);
    }

    [Fact]
    public void A_driver_that_throws_has_failed_and_its_words_reach_the_asker()
    {
        _recorder.Fault = "the camera is on fire";
        _actor.Tell(Order(1, new ScanEffect.ArmRecorder(1, "cam", 10)));
        Assert.Equal("the camera is on fire", ExpectMsg<ScanCommand.RecorderArmed>().Outcome.Problem);
    }

    [Fact]
    public void Whoever_gave_an_order_hears_that_the_device_is_lost()
    {
        _actor.Tell(Order(1, new ScanEffect.ArmRecorder(1, "cam", 10)));
        ExpectMsg<ScanCommand.RecorderArmed>();
        _recorder.Lose("connection reset by peer");
        Assert.Equal("connection reset by peer", ExpectMsg<ScanCommand.DeviceLost>().Reason);
    }

    private DeviceOrder Order(long epoch, ScanEffect effect) =>
        new(epoch, ++_orders, "u", new RunParameters("run", 1, 100, ["cam"]), effect);

    private sealed class NoSalvage : ISegmentSalvage
    {
        public int NextNumber(string runFolder, string recorder) => 1;

        public Task<Outcome<EquatableArray<SegmentRun>>> SalvageAsync(string runFolder, SegmentState segment, CancellationToken cancel) =>
            Task.FromResult<Outcome<EquatableArray<SegmentRun>>>(new Outcome<EquatableArray<SegmentRun>>.Completed([]));

        public Task<Outcome<EquatableArray<long>>> ExposureStartsAsync(
            string runFolder, SegmentState segment, long position, long count, CancellationToken cancel) =>
            Task.FromResult<Outcome<EquatableArray<long>>>(new Outcome<EquatableArray<long>>.Completed([]));
    }

    /// <summary>A recorder that records when it is told to.</summary>
    private sealed class StillRecorder : IRecorder
    {
        private long _recorded;

        public event Action<string>? Lost;

        public event Action<long>? Recorded;

        public string Name => "cam";

        public bool WritesHere => false;

        public int Armed { get; private set; }

        public string? Fault { get; set; }

        public void Record(long frames)
        {
            _recorded = frames;
            Recorded?.Invoke(frames);
        }

        public void Lose(string reason) => Lost?.Invoke(reason);

        public bool HoldsSession(string session) => false;

        public void WatchFor(long recorded)
        {
        }

        public Task<Outcome<RecorderStatus>> ArmAsync(long frames, CancellationToken cancel)
        {
            if (Fault is not null)
                throw new InvalidOperationException(Fault);
            Armed++;
            return Status();
        }

        public Task<Outcome<RecorderStatus>> GetStatusAsync(CancellationToken cancel) => Status();

        public Task<Outcome<RecorderStatus>> FlushAsync(CancellationToken cancel) => Status();

        public Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel) => Safe();

        public Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) => Safe();

        public Task<Outcome<RecorderSession>> StageAsync(RecorderStaging staging, CancellationToken cancel) =>
            Task.FromResult<Outcome<RecorderSession>>(new Outcome<RecorderSession>.Refused("not in these tests"));

        public Task<Outcome<AdoptedSession?>> AdoptAsync(
            RecorderStaging staging, string session, long alreadyRecorded, CancellationToken cancel) =>
            Task.FromResult<Outcome<AdoptedSession?>>(new Outcome<AdoptedSession?>.Completed(null));

        public Task<Outcome<long>> UnstageAsync(EquatableArray<SavedSetting> restore, CancellationToken cancel) =>
            Task.FromResult<Outcome<long>>(new Outcome<long>.Completed(_recorded));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static Task<Outcome<Nothing>> Safe() =>
            Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Completed(Nothing.Value));

        private Task<Outcome<RecorderStatus>> Status() => Task.FromResult<Outcome<RecorderStatus>>(
            new Outcome<RecorderStatus>.Completed(new RecorderStatus("s", true, _recorded, _recorded, [], false, null)));
    }
}
