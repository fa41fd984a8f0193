using Akka.Actor;
using Akka.Dispatch;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Engine;

public sealed class MessageQueueTests : PatientTestKit
{
    [Fact]
    public void Many_senders_and_a_receiver_that_keeps_up_lose_nothing_and_keep_the_order()
    {
        const int senders = 4;
        const int each = 50_000;
        var queue = new MessageQueue();
        var threads = Enumerable.Range(0, senders).Select(sender => new Thread(() =>
        {
            for (var i = 0; i < each; i++)
                queue.Enqueue((sender, i), null);
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();

        var next = new int[senders];
        var spin = default(SpinWait);
        for (var left = senders * each; left > 0;)
        {
            if (queue.TryDequeue(out var message, out _) != DequeueResult.Item)
            {
                spin.SpinOnce();
                continue;
            }

            var (sender, number) = ((int, int))message;
            Assert.Equal(next[sender]++, number);
            left--;
        }

        Assert.Equal(DequeueResult.Empty, queue.TryDequeue(out _, out _));
        foreach (var thread in threads)
            thread.Join();
    }

    [Fact]
    public void Telling_allocates_nothing_while_the_receiver_keeps_up()
    {
        var counter = new CountdownEvent(1);
        var actor = Sys.ActorOf(Props.Create(() => new Taker(counter)));
        var message = new object();
        Burst(20);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Burst(200);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;

        // The thread pool's own queue may grow now and then; the mailbox took 16 bytes a message before it used its segments again.
        Assert.InRange(bytes / (200.0 * 500), 0, 1);

        void Burst(int times)
        {
            for (var i = 0; i < times; i++)
            {
                counter.Reset(500);
                for (var m = 0; m < 500; m++)
                    actor.Tell(message, ActorRefs.NoSender);
                counter.Wait();
            }
        }
    }

    private sealed class Taker : ReceiveActor
    {
        public Taker(CountdownEvent counter) => ReceiveAny(_ => counter.Signal());
    }
}
