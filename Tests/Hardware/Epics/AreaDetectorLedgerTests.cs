using Flyscan.Hardware.Epics;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>Which trigger each frame is of, by the driver's numbers alone.</summary>
public sealed class AreaDetectorLedgerTests
{
    private static readonly AreaDetectorLedger Staged = new("s", 1, "/there/", "cam.0001", 0, [], 0, null);

    [Fact]
    public void Frames_as_many_as_triggers_are_of_them_in_order()
    {
        var closed = Staged.Arm(0, 10, 0).Close(Of(3, 3, [1, 2, 3]));
        Assert.Equal((3L, 3L, 0), (closed.Rows, closed.NextTrigger, closed.Missed.Count));
        Assert.Null(closed.Open);
    }

    [Fact]
    public void Numbers_that_are_not_in_the_file_are_triggers_without_a_frame()
    {
        var closed = Staged.Arm(7, 10, 0).Close(Of(5, 5, [8, 11, 12]));
        Assert.Equal((3L, 5L), (closed.Rows, closed.NextTrigger));
        Assert.Equal([new FrameRange(1, 3)], closed.Missed);
        Assert.Equal("the plugin", closed.Why);
    }

    [Fact]
    public void Fewer_frames_than_triggers_are_of_none_of_them()
    {
        var closed = Staged.Arm(0, 10, 0).Close(Of(5, 4, [1, 2, 3, 4]));
        Assert.Equal((4L, 9L), (closed.Rows, closed.NextTrigger));
        Assert.Equal([new FrameRange(0, 5)], closed.Missed);
    }

    [Fact]
    public void More_frames_than_triggers_are_of_none_of_them_either()
    {
        var closed = Staged.Arm(0, 10, 0).Close(Of(2, 3, [1, 2, 3]));
        Assert.Equal([new FrameRange(0, 2)], closed.Missed);
        Assert.Equal(3, closed.Rows);
        // The next take begins behind them.
        Assert.Equal(5, closed.Arm(3, 2, 0).Open!.Trigger);
    }

    [Fact]
    public void A_take_without_triggers_leaves_nothing()
    {
        var closed = Staged.Arm(0, 10, 0).Close(Of(0, 0, []));
        Assert.Equal((0L, 0L), (closed.Rows, closed.NextTrigger));
    }

    [Fact]
    public void What_is_known_so_far_is_known_in_the_end()
    {
        var flying = Staged.Arm(0, 10, 0);
        var soFar = flying.SoFar([1, 2, 4], "the camera");
        Assert.Equal((3L, 4L), (soFar.Rows, soFar.NextTrigger));
        Assert.Equal([new FrameRange(2, 3)], soFar.Missed);
        var inSteps = soFar.Close(new ClosedArming(2, 1, [5], false, "the camera"));
        Assert.Equal(flying.Close(new ClosedArming(6, 4, [1, 2, 4, 5], false, "the camera")), inSteps);
    }

    [Fact]
    public void It_is_kept_as_bytes_and_what_is_no_ledger_is_none()
    {
        var kept = Staged.Arm(0, 4, 2).Close(Of(4, 4, [1, 3, 4])).Arm(4, 9, 3);
        Assert.Equal(kept with { Why = null }, AreaDetectorLedger.Read(kept.ToBytes()));
        Assert.Null(AreaDetectorLedger.Read("{}"u8.ToArray()));
        Assert.Null(AreaDetectorLedger.Read("not json"u8.ToArray()));
    }

    /// <summary>Whatever is lost on the way: no frame of an accepted take is given to another trigger than its own.</summary>
    [Fact]
    public void No_frame_is_given_to_a_trigger_that_did_not_make_it() => Prop.ForAll(
        Gen.ListOf(Takes()).ToArbitrary(),
        takes =>
        {
            var (ledger, counter, file, taken) = (Staged, 0L, new List<(int Take, long Trigger)>(), new List<(long First, long Count)>());
            foreach (var (take, (triggers, missedByCamera, droppedByPlugin)) in takes.Select((t, i) => (i, t)))
            {
                ledger = ledger.Arm(counter, 100, 0);
                var (before, numbers) = (counter, new List<long>());
                for (var trigger = 0; trigger < triggers; trigger++)
                {
                    if (missedByCamera == trigger)
                        continue;
                    counter++;
                    if (droppedByPlugin == trigger)
                        continue;
                    numbers.Add(counter);
                    file.Add((take, trigger));
                }
                taken.Add((ledger.Open!.Trigger, triggers));
                ledger = ledger.Close(new ClosedArming(triggers, counter - before, numbers.ToEquatableArray(), true, "lost"));
            }
            var status = new RecorderStatus("s", true, ledger.Rows, ledger.Rows, ledger.Missed, false, null);
            var holding = FrameLedger.HoldingOf(new SegmentState(new Segment("cam", 1, "f", []), "s", 0), status, []);
            return holding.Runs.All(run => Enumerable.Range(0, (int)run.Count).All(i =>
            {
                var (take, trigger) = file[(int)run.Position + i];
                var owner = taken.FindIndex(t => run.FirstTrigger + i >= t.First && run.FirstTrigger + i < t.First + t.Count);
                return owner < 0 || (owner == take && taken[owner].First + trigger == run.FirstTrigger + i);
            }));
        }).QuickCheckThrowOnFailure();

    private static Gen<(int Triggers, int MissedByCamera, int DroppedByPlugin)> Takes() =>
        from triggers in Gen.Choose(0, 6)
        from missed in Gen.Choose(-6, 6)
        from dropped in Gen.Choose(-6, 6)
        select (triggers, missed, dropped);

    private static ClosedArming Of(long triggers, long made, EquatableArray<long> numbers) =>
        new(triggers, made, numbers, true, "the plugin");
}
