using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

internal sealed partial class ActorCell
{
    private bool _failed;
    private IInternalActorRef? _perpetrator;
    private bool _terminating;
    private bool _ended;
    private Exception? _recreating;

    internal bool IsTerminating => _terminating;

    private void HandleInvokeFailure(Exception cause, IInternalActorRef? perpetrator)
    {
        if (_failed || _ended)
            return;
        _failed = true;
        _perpetrator = perpetrator ?? Self;
        Mailbox.Suspend();
        SuspendChildren(_perpetrator);
        Parent.SendSystemMessage(new SystemMessage.Failed(Self, cause));
    }

    private void HandleFailed(SystemMessage.Failed failed)
    {
        if (Children.StatsOf(failed.Child) is not { } stats)
            return;
        _sender = failed.Child;
        var strategy = _actor?.Strategy ?? SupervisorStrategy.DefaultStrategy;
        if (!strategy.HandleFailure(this, failed.Child, failed.Cause, stats))
            HandleInvokeFailure(failed.Cause, failed.Child);
    }

    private void FaultSuspend()
    {
        Mailbox.Suspend();
        SuspendChildren(null);
    }

    private void FaultResume(Exception? causedByFailure)
    {
        if (_actor is null)
        {
            if (_failed)
                FaultCreate();
            return;
        }

        var perpetrator = _perpetrator;
        Mailbox.Resume();
        if (causedByFailure is not null)
            ClearFailed();
        foreach (var child in Children.Refs())
            child.SendSystemMessage(new SystemMessage.Resume(child.Equals(perpetrator) ? causedByFailure : null));
    }

    private void FaultCreate()
    {
        foreach (var child in Children.Refs())
            Stop(child);
        _recreating = new ActorInitializationException(Self, "created again", null);
        if (!Children.AnyDying)
            FinishCreate();
    }

    private void FinishCreate()
    {
        _recreating = null;
        Mailbox.Resume();
        ClearFailed();
        try
        {
            Create();
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause, null);
        }
    }

    private void FaultRecreate(Exception cause)
    {
        if (_terminating || _recreating is not null)
            return;
        if (_actor is not { } failedActor)
        {
            FaultCreate();
            return;
        }

        try
        {
            failedActor.AroundPreRestart(cause, CurrentMessage!);
        }
        catch (Exception e)
        {
            System.EventStream.Publish(new Error(e, Self.Path.ToString(), failedActor.GetType(), "Exception in PreRestart: " + e.Message));
        }

        CancelReceiveTimeout();
        _recreating = cause;
        if (!Children.AnyDying)
            FinishRecreate(cause);
    }

    private void FinishRecreate(Exception cause)
    {
        _recreating = null;
        if (_actor is null)
        {
            FinishCreate();
            return;
        }

        var message = CurrentMessage;
        var survivors = Children.Refs();
        try
        {
            Mailbox.Resume();
            ClearFailed();
            NewActor();
            _actor.AroundPostRestart(cause, message!);
            AfterMessage();
            CurrentMessage = null;
        }
        catch (Exception e)
        {
            _actor = null;
            HandleInvokeFailure(new PostRestartException(Self, e, cause), null);
            return;
        }

        foreach (var child in survivors)
            child.SendSystemMessage(new SystemMessage.Recreate(cause));
    }

    private void Terminate()
    {
        if (_ended)
            return;
        SetReceiveTimeout(null);
        var first = !_terminating;
        _terminating = true;
        Children.Seal();
        foreach (var child in Children.Refs())
            Stop(child);
        if (!Children.Any)
        {
            FinishTerminate();
            return;
        }

        if (!first)
            return;
        Mailbox.Suspend();
        _failed = true;
        _perpetrator = Self;
    }

    private void FinishTerminate()
    {
        if (_ended)
            return;
        _ended = true;
        try
        {
            _actor?.AroundPostStop();
        }
        catch (Exception e)
        {
            System.EventStream.Publish(new Error(e, Self.Path.ToString(), _actor!.GetType(), "Exception in PostStop: " + e.Message));
        }

        Mailbox.Close();
        Parent.SendSystemMessage(new SystemMessage.DeathWatchNotification(Self, existenceConfirmed: true));
        TellWatchersWeDied();
        UnwatchWatchedActors();
        _actor = null;
        _behaviours.Clear();
        CurrentMessage = null;
        _sender = null;
    }

    private void HandleChildTerminated(IInternalActorRef child)
    {
        if (Children.Remove(child) is null)
            return;
        if (_terminating)
        {
            if (!Children.Any)
                FinishTerminate();
        }
        else if (_recreating is { } cause && !Children.AnyDying)
        {
            FinishRecreate(cause);
        }
    }

    private void SuspendChildren(IInternalActorRef? except)
    {
        foreach (var child in Children.Refs())
        {
            if (!child.Equals(except))
                child.SendSystemMessage(new SystemMessage.Suspend());
        }
    }

    private void ClearFailed()
    {
        _failed = false;
        _perpetrator = null;
    }
}
