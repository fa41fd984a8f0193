using Akka.Actor;
using Akka.Dispatch;

namespace Akka.TestKit;

/// <summary>One more actor that the test listens with; it can stand in for a reference.</summary>
public class TestProbe : TestKitBase, INoImplicitSender, IActorRef, IInternalActorRef
{
    public TestProbe(ActorSystem system, ITestKitAssertions assertions, string? testProbeName = null)
        : base(assertions, system, testProbeName)
    {
    }

    /// <summary>The probe's reference, which is the sender of what it sends.</summary>
    public IActorRef Ref => TestActor;

    /// <summary>Who sent the message that was received last.</summary>
    public IActorRef Sender => LastSender ?? Sys.DeadLetters;

    ActorPath IActorRef.Path => TestActor.Path;

    bool IInternalActorRef.IsTerminated => Inner.IsTerminated;

    ActorSystemImpl IInternalActorRef.System => Inner.System;

    IInternalActorRef IInternalActorRef.ParentRef => Inner.ParentRef;

    private IInternalActorRef Inner => (IInternalActorRef)TestActor;

    /// <summary>Sends with the probe as the sender.</summary>
    public void Send(IActorRef actor, object message) => actor.Tell(message, TestActor);

    /// <summary>Answers the sender of the message that was received last.</summary>
    public void Reply(object message) => Sender.Tell(message, TestActor);

    public void Forward(IActorRef actor) => Forward(actor, LastMessage!);

    public void Forward(IActorRef actor, object message) => actor.Tell(message, Sender);

    public int CompareTo(object? obj) => TestActor.CompareTo(obj);

    void ICanTell.Tell(object message, IActorRef? sender) => TestActor.Tell(message, sender);

    bool IEquatable<IActorRef>.Equals(IActorRef? other) => TestActor.Equals(other);

    int IComparable<IActorRef>.CompareTo(IActorRef? other) => TestActor.CompareTo(other);

    IInternalActorRef? IInternalActorRef.ChildRef(string name) => Inner.ChildRef(name);

    IReadOnlyList<IInternalActorRef> IInternalActorRef.ChildRefs() => Inner.ChildRefs();

    void IInternalActorRef.SendSystemMessage(SystemMessage message) => Inner.SendSystemMessage(message);

    public override bool Equals(object? obj) => TestActor.Equals(obj);

    public override int GetHashCode() => TestActor.GetHashCode();
}
