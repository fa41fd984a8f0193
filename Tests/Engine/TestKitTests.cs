using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;
using Xunit;

namespace Flyscan.Tests.Engine;

/// <summary>That the test kit fails where it must, so that the tests that use it mean something.</summary>
public sealed class TestKitTests : TestKit
{
    public TestKitTests()
        : base("akka.test { single-expect-default = 100ms, filter-leeway = 100ms }")
    {
    }

    [Fact]
    public void Expectations_fail_on_silence_on_another_message_and_on_one_too_many()
    {
        Assert.ThrowsAny<Exception>(() => ExpectMsg("never"));
        TestActor.Tell("other");
        Assert.ThrowsAny<Exception>(() => ExpectMsg("this"));
        TestActor.Tell("something");
        Assert.ThrowsAny<Exception>(() => ExpectNoMsg(TimeSpan.FromMilliseconds(100)));
        TestActor.Tell(1);
        Assert.ThrowsAny<Exception>(() => ExpectMsg<string>());
        TestActor.Tell(2);
        Assert.ThrowsAny<Exception>(() => ExpectMsg<int>(n => n == 3));
        TestActor.Tell(4);
        Assert.ThrowsAny<Exception>(() => ReceiveN(2, TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public void All_of_several_come_in_any_order()
    {
        TestActor.Tell("b");
        TestActor.Tell("a");
        ExpectMsgAllOf("a", "b");
        TestActor.Tell("b");
        TestActor.Tell("c");

        Assert.ThrowsAny<Exception>(() => ExpectMsgAllOf("a", "b"));
    }

    [Fact]
    public void Fishing_skips_what_is_not_meant_and_ends_in_time()
    {
        foreach (var message in new object[] { 1, "x", "fish" })
            TestActor.Tell(message);

        Assert.Equal("fish", FishForMessage(m => Equals(m, "fish")));
        TestActor.Tell("no fish");
        Assert.ThrowsAny<Exception>(() => FishForMessage(m => Equals(m, "fish"), TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public void Within_bounds_the_time_of_what_is_expected_inside()
    {
        TestActor.Tell("in time");
        Within(TimeSpan.FromSeconds(3), () => ExpectMsg("in time"));

        Assert.ThrowsAny<Exception>(() => Within(TimeSpan.FromMilliseconds(50), () => ExpectMsg("late")));
    }

    [Fact]
    public void Conditions_and_assertions_are_tried_until_they_hold()
    {
        var tries = 0;
        AwaitCondition(() => ++tries == 3, TimeSpan.FromSeconds(3));
        AwaitAssert(() => Assert.Equal(6, ++tries), TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(5));

        Assert.ThrowsAny<Exception>(() => AwaitCondition(() => false, TimeSpan.FromMilliseconds(50)));
        Assert.ThrowsAny<Exception>(() => AwaitAssert(() => Assert.Fail("never"), TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public void Event_filters_fail_where_too_few_entries_come()
    {
        EventFilter.Warning("seen").ExpectOne(() => Log.Warning("seen"));
        EventFilter.Warning(contains: "see").Expect(2, () =>
        {
            Log.Warning("see");
            Log.Warning("I see");
        });

        Assert.ThrowsAny<Exception>(() => EventFilter.Warning("seen").ExpectOne(() => Log.Warning("other")));
    }

    [Fact]
    public void Ignored_messages_do_not_arrive()
    {
        IgnoreMessages(m => m is int);
        TestActor.Tell(1);
        TestActor.Tell("text");
        ExpectMsg("text");
        IgnoreNoMessages();
        TestActor.Tell(2);
        ExpectMsg(2);
    }

    [Fact]
    public void A_probe_replies_forwards_and_knows_its_last_sender()
    {
        var probe = CreateTestProbe("scout");
        probe.Ref.Tell("question");
        probe.ExpectMsg("question");
        Assert.Equal(TestActor, probe.LastSender);
        probe.Reply("answer");
        ExpectMsg("answer");
        Assert.Equal(probe.Ref, LastSender);

        var other = CreateTestProbe();
        probe.Ref.Tell("pass on");
        probe.ExpectMsg("pass on");
        probe.Forward(other.Ref);
        other.ExpectMsg("pass on");
        Assert.Equal(TestActor, other.LastSender);
    }

    [Fact]
    public async Task The_test_is_the_sender_also_of_what_it_tells_after_an_await()
    {
        var probe = CreateTestProbe();
        await Task.Yield();

        probe.Ref.Tell("hello");

        await probe.ExpectMsgAsync("hello");
        Assert.Equal(TestActor, probe.LastSender);
    }
}
