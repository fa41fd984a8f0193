using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

internal sealed partial class PvaCircuit
{
    private static readonly Outcome<PvaValue.Structure?> Written = new Outcome<PvaValue.Structure?>.Completed(default);

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
                Say(new PvaMessage.Run(PvaCommand.Monitor, operation.Channel.Sid, m.Ioid, PvaSub.Start));
                break;
            case PvaCommand.Put:
                Pump(operation.Channel);
                break;
            case PvaCommand.Rpc when operation.Value is { } argument:
                operation.Value = null;
                Say(new PvaMessage.Call(operation.Channel.Sid, m.Ioid, PvaSub.Run, PvaValue.Any.Of(argument)));
                break;
        }
    }

    /// <summary>An operation could not be begun.</summary>
    private void Refused(PvaOperation operation, string reason)
    {
        _operations.Remove(operation.Ioid);
        var channel = operation.Channel;
        if (operation.Command == PvaCommand.Get)
            channel.Gets--;
        if (channel.PlainPut == operation)
            channel.PlainPut = null;
        if (operation.Monitor is { } monitor)
        {
            monitor.Operation = null;
            Warn(channel, $"it cannot be followed: {reason}");
        }
        if (operation.Request is PvaWrite put)
            channel.WaitingPuts.Remove(put);
        End(operation.Request, Failed(operation.Request, reason));
        if (operation.Command == PvaCommand.Put)
            Pump(channel);
        Release(channel);
    }

    /// <summary>A value came: an answer to a read, the choices before a write, or an event.</summary>
    private void Came(PvaMessage.Data m, long receivedNs)
    {
        if (!_operations.TryGetValue(m.Ioid, out var operation) || m.Change is not { } change || operation.Command != m.Command)
            return;
        operation.Value = change.Value;
        if (operation.IsRetired)
            return;
        if (operation.Monitor is { } monitor)
        {
            Event(monitor, change, receivedNs);
        }
        else if (operation.Command == PvaCommand.Put)
        {
            operation.HasRead |= operation.IsReading;
            operation.IsReading = false;
            Pump(operation.Channel);
        }
        else if (operation.Request is { } request)
        {
            operation.Request = null;
            End(request, new Outcome<PvaValue.Structure?>.Completed(change.Value));
            Reuse(operation);
        }
    }

    private void Event(PvaMonitor monitor, PvaChange change, long receivedNs)
    {
        if (!change.Overrun.IsEmpty)
            monitor.Overrun();
        if (monitor.Window > 0 && ++monitor.Untold >= monitor.Window / 2)
        {
            var operation = monitor.Operation!;
            Say(new PvaMessage.Run(
                PvaCommand.Monitor, operation.Channel.Sid, operation.Ioid, PvaSub.Pipeline, (uint)monitor.Untold));
            monitor.Untold = 0;
        }
        if (monitor.Offer(PvaNormative.Reading(change.Value, monitor.Form, receivedNs)))
            Tell(new PvOutput(PvOutputKind.Ready, Monitor: monitor));
    }

    /// <summary>A read's operation is free: for the next that waits, or to be kept, or given back.</summary>
    private void Reuse(PvaOperation operation)
    {
        var channel = operation.Channel;
        channel.IdleGets.Push(operation);
        Release(channel);
        if (channel.IdleGets.Count > MostIdle)
            Retire(channel.IdleGets.Pop());
    }

    /// <summary>An operation has ended without a value.</summary>
    private void Ended(PvaMessage.Done m)
    {
        if (!_operations.TryGetValue(m.Ioid, out var operation) || operation.Command != m.Command || operation.IsRetired)
            return;
        if (operation.Monitor is { } monitor)
        {
            monitor.Operation = null;
            _operations.Remove(m.Ioid);
            Warn(operation.Channel, m.Status.IsOk ? "its server tells of it no more" : $"its server tells of it no more: {m.Status.Text}");
            return;
        }
        if (operation.Request is not { } request)
            return;
        if (operation.IsReading && request is PvaWrite unread)
            operation.Channel.WaitingPuts.Remove(unread);
        (operation.Request, operation.IsReading, operation.HasRead) = (null, false, false);
        End(request, m.Status.IsOk ? Written : Failed(request, m.Status.Text));
        if (operation.Command == PvaCommand.Get)
        {
            Reuse(operation);
            return;
        }
        if (operation != operation.Channel.PlainPut)
            Keep(operation);
        Pump(operation.Channel);
    }

    private void Keep(PvaOperation put)
    {
        if (put.Channel.IdlePuts.Count < MostIdle)
            put.Channel.IdlePuts.Push(put);
        else
            Retire(put);
    }

    private void Answered(PvaOperation call, PvaMessage.Result m)
    {
        if (call.IsRetired)
            return;
        var request = call.Request;
        End(request, !m.Status.IsOk ? Failed(request, m.Status.Text)
            : m.Value.Value is PvaValue.Structure result ? new Outcome<PvaValue.Structure?>.Completed(result)
            : new Outcome<PvaValue.Structure?>.Completed(null));
        Retire(call);
    }

    /// <summary>The server says what a channel is; one that does not say is connected all the same.</summary>
    private void Typed(PvaOperation asked, PvaMessage.FieldReply m)
    {
        _operations.Remove(asked.Ioid);
        if (!_channels.ContainsKey(asked.Channel.Cid) || asked.IsRetired)
            return;
        asked.Channel.Type = m.Type as PvaType.Structure;
        Tell(new PvOutput(PvOutputKind.Up, asked.Channel));
    }

    /// <summary>Sends the writes that can be sent, in order, and then the reads behind them.</summary>
    private void Pump(PvaChannel channel)
    {
        SendWrites(channel);
        Release(channel);
    }

    private void SendWrites(PvaChannel channel)
    {
        while (!IsFaulted && channel.WaitingPuts.First?.Value is { } put)
        {
            if (put.IsDone)
            {
                channel.WaitingPuts.RemoveFirst();
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
                Say(new PvaMessage.Run(PvaCommand.Put, channel.Sid, operation.Ioid, PvaSub.Read));
                return;
            }
            channel.WaitingPuts.RemoveFirst();
            Send(operation, put);
        }
    }

    private PvaOperation OperationFor(PvaWrite put)
    {
        var channel = put.Channel;
        if (!put.Waits && channel.PlainPut is { } plain)
            return plain;
        if (put.Waits && (put.Operation ?? (channel.IdlePuts.TryPop(out var idle) ? idle : null)) is { } kept)
        {
            put.Operation = kept;
            return kept;
        }
        var operation = Begin(PvaCommand.Put, put, put.Waits ? PvaRequests.Blocking : PvaRequests.Everything);
        if (!put.Waits)
            channel.PlainPut = operation;
        return operation;
    }

    private void Send(PvaOperation operation, PvaWrite put)
    {
        operation.HasRead = false;
        if (PvaPut.For(put.Value, operation.Value!) is { } change)
        {
            Say(new PvaMessage.PutValue(operation.Channel.Sid, operation.Ioid, PvaSub.Run, change));
            return;
        }
        operation.Request = null;
        if (put.Waits)
            Keep(operation);
        var reason = Unfit(put.Value, operation.Value!);
        End(put, put.Waits
            ? new Outcome<PvaValue.Structure?>.Refused($"{put.What}: {reason}")
            : new Outcome<PvaValue.Structure?>.Failed(reason));
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
