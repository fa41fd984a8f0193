using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

internal sealed partial class PvaCircuit
{
    private static readonly Outcome<PvaAnswer> Written = new Outcome<PvaAnswer>.Completed(default);

    /// <summary>The server has begun an operation, or says why not.</summary>
    private void Begun(PvaMessage.InitReply m)
    {
        if (!_operations.TryGetValue(m.Ioid, out var operation) || operation.IsReady)
            return;
        var type = m.Type as PvaType.Structure;
        if (!operation.IsRetired && (!m.Status.IsOk || (type is null && operation.Command != PvaCommand.Rpc)))
        {
            Refused(operation, m.Status.IsOk ? "the server gives no structure" : m.Status.Text);
            return;
        }
        operation.IsReady = true;
        if (type is not null)
            operation.Value = PvaValue.Default(type);
        if (operation.IsRetired)
            return;
        switch (operation.Command)
        {
            case PvaCommand.Get when operation.Request is { } request:
                Get(operation, request);
                break;
            case PvaCommand.Monitor:
                Say(new PvaMessage.Run(PvaCommand.Monitor, operation.Link.Sid, m.Ioid, PvaSub.Start));
                break;
            case PvaCommand.Put:
                Pump(operation.Link);
                break;
            case PvaCommand.Rpc when operation.Value is { } argument:
                operation.Value = null;
                Say(new PvaMessage.Call(operation.Link.Sid, m.Ioid, PvaSub.Run, PvaValue.Any.Of(argument)));
                break;
        }
    }

    /// <summary>An operation could not be begun.</summary>
    private void Refused(PvaOperation operation, string reason)
    {
        _operations.Remove(operation.Ioid);
        var link = operation.Link;
        if (operation.Command == PvaCommand.Get)
            link.Gets--;
        if (link.PlainPut == operation)
            link.PlainPut = null;
        if (operation.Subscription is { } subscription)
        {
            subscription.Operation = null;
            Warn(link, $"it cannot be followed: {reason}");
        }
        if (operation.Request is PvaPutRequest put)
            link.WaitingPuts.Remove(put);
        End(operation.Request, Failed(operation.Request, reason));
        if (operation.Command == PvaCommand.Put)
            Pump(link);
        Release(link);
    }

    /// <summary>A value came: an answer to a read, the choices before a write, or an event.</summary>
    private void Came(PvaMessage.Data m, long receivedNs)
    {
        if (!_operations.TryGetValue(m.Ioid, out var operation) || m.Change is not { } change || operation.Command != m.Command)
            return;
        operation.Value = change.Value;
        if (operation.IsRetired)
            return;
        if (operation.Subscription is { } subscription)
        {
            Event(subscription, change, receivedNs);
        }
        else if (operation.Command == PvaCommand.Put)
        {
            operation.HasRead |= operation.IsReading;
            operation.IsReading = false;
            Pump(operation.Link);
        }
        else if (operation.Request is { } request)
        {
            operation.Request = null;
            End(request, new Outcome<PvaAnswer>.Completed(new PvaAnswer(change.Value)));
            Reuse(operation);
        }
    }

    private void Event(PvaSubscription subscription, PvaChange change, long receivedNs)
    {
        if (!change.Overrun.IsEmpty)
            subscription.Overrun();
        if (subscription.Window > 0 && ++subscription.Untold >= subscription.Window / 2)
        {
            var operation = subscription.Operation!;
            Say(new PvaMessage.Run(
                PvaCommand.Monitor, operation.Link.Sid, operation.Ioid, PvaSub.Pipeline, (uint)subscription.Untold));
            subscription.Untold = 0;
        }
        if (subscription.Offer(PvaNormative.Reading(change.Value, subscription.Form, receivedNs)))
            _outputs.Enqueue(new PvaOutput(PvaOutputKind.Ready, Subscription: subscription));
    }

    /// <summary>A read's operation is free: for the next that waits, or to be kept, or given back.</summary>
    private void Reuse(PvaOperation operation)
    {
        var link = operation.Link;
        link.IdleGets.Push(operation);
        Release(link);
        if (link.IdleGets.Count > MostIdle)
            Retire(link.IdleGets.Pop());
    }

    /// <summary>An operation has ended without a value.</summary>
    private void Ended(PvaMessage.Done m)
    {
        if (!_operations.TryGetValue(m.Ioid, out var operation) || operation.Command != m.Command || operation.IsRetired)
            return;
        if (operation.Subscription is { } subscription)
        {
            subscription.Operation = null;
            _operations.Remove(m.Ioid);
            Warn(operation.Link, m.Status.IsOk ? "its server tells of it no more" : $"its server tells of it no more: {m.Status.Text}");
            return;
        }
        if (operation.Request is not { } request)
            return;
        if (operation.IsReading && request is PvaPutRequest unread)
            operation.Link.WaitingPuts.Remove(unread);
        (operation.Request, operation.IsReading, operation.HasRead) = (null, false, false);
        End(request, m.Status.IsOk ? Written : Failed(request, m.Status.Text));
        if (operation.Command == PvaCommand.Get)
        {
            Reuse(operation);
            return;
        }
        if (operation != operation.Link.PlainPut)
            Keep(operation);
        Pump(operation.Link);
    }

    private void Keep(PvaOperation put)
    {
        if (put.Link.IdlePuts.Count < MostIdle)
            put.Link.IdlePuts.Push(put);
        else
            Retire(put);
    }

    private void Answered(PvaOperation call, PvaMessage.Result m)
    {
        if (call.IsRetired)
            return;
        var request = call.Request;
        End(request, !m.Status.IsOk ? Failed(request, m.Status.Text)
            : m.Value.Value is PvaValue.Structure result ? new Outcome<PvaAnswer>.Completed(new PvaAnswer(result))
            : new Outcome<PvaAnswer>.Completed(new PvaAnswer(null)));
        Retire(call);
    }

    /// <summary>The server says what a channel is; one that does not say is connected all the same.</summary>
    private void Typed(PvaOperation asked, PvaMessage.FieldReply m)
    {
        _operations.Remove(asked.Ioid);
        if (!_links.ContainsKey(asked.Link.Cid) || asked.IsRetired)
            return;
        asked.Link.Type = m.Type as PvaType.Structure;
        _outputs.Enqueue(new PvaOutput(PvaOutputKind.Up, asked.Link));
    }

    /// <summary>Sends the writes that can be sent, in order, and then the reads behind them.</summary>
    private void Pump(PvaLink link)
    {
        SendWrites(link);
        Release(link);
    }

    private void SendWrites(PvaLink link)
    {
        while (!IsFaulted && link.WaitingPuts.First?.Value is { } put)
        {
            if (put.IsDone)
            {
                link.WaitingPuts.RemoveFirst();
                continue;
            }
            if (OperationFor(put) is not { IsReady: true, IsReading: false } operation)
                return;
            // A write that nobody waits for goes out when the one before it has been taken.
            if (operation.Request is not null && operation.Request != put)
                return;
            (operation.Request, put.Operation) = (put, operation);
            if (!operation.HasRead && PvaPut.NeedsChoices(put.Value, operation.Value!.Type))
            {
                operation.IsReading = true;
                Say(new PvaMessage.Run(PvaCommand.Put, link.Sid, operation.Ioid, PvaSub.Read));
                return;
            }
            link.WaitingPuts.RemoveFirst();
            Send(operation, put);
        }
    }

    private PvaOperation OperationFor(PvaPutRequest put)
    {
        var link = put.Link;
        if (!put.Waits && link.PlainPut is { } plain)
            return plain;
        if (put.Waits && (put.Operation ?? (link.IdlePuts.TryPop(out var idle) ? idle : null)) is { } kept)
        {
            put.Operation = kept;
            return kept;
        }
        var operation = Begin(PvaCommand.Put, put, put.Waits ? PvaRequests.Blocking : PvaRequests.Everything);
        if (!put.Waits)
            link.PlainPut = operation;
        return operation;
    }

    private void Send(PvaOperation operation, PvaPutRequest put)
    {
        operation.HasRead = false;
        if (PvaPut.For(put.Value, operation.Value!) is { } change)
        {
            Say(new PvaMessage.PutValue(operation.Link.Sid, operation.Ioid, PvaSub.Run, change));
            return;
        }
        operation.Request = null;
        if (put.Waits)
            Keep(operation);
        var reason = Unfit(put.Value, operation.Value!);
        End(put, put.Waits ? new Outcome<PvaAnswer>.Refused($"{put.What}: {reason}") : new Outcome<PvaAnswer>.Failed(reason));
    }

    /// <summary>Why a value cannot be written to a structure.</summary>
    public static string Unfit(PvValue value, PvaValue.Structure to)
    {
        var choices = PvaNormative.ChoicesOf(to);
        return choices.Length > 0
            ? $"there is no choice '{value.AsText()}'; there are {string.Join(", ", choices)}"
            : $"the value cannot be written to {PvaNormative.NameOf(to.Type)}: too long, out of range, or of another kind";
    }
}
