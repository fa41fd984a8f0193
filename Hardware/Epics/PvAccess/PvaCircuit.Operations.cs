using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

internal sealed partial class PvaCircuit
{
    private const int MostGets = 64;
    private const int MostIdle = 4;

    /// <summary>Reads a channel, after the writes that were asked for before. Several reads at once take several operations, and more
    /// than so many wait for one.</summary>
    public void Read(PvaRequest request, long nowNs)
    {
        _requests.Add(request);
        Await(request, nowNs);
        request.Channel.WaitingGets.Enqueue(request);
        Release(request.Channel);
    }

    /// <summary>Writes a channel. Writes are sent in the order in which they are asked for.</summary>
    public void Write(PvaWrite request, long nowNs)
    {
        if (request.Waits)
        {
            _requests.Add(request);
            Await(request, nowNs);
        }
        request.Channel.WaitingPuts.AddLast(request);
        Pump(request.Channel);
    }

    /// <summary>Calls a channel that is a service.</summary>
    public void Call(PvaRequest request, PvaValue.Structure argument, long nowNs)
    {
        _requests.Add(request);
        Await(request, nowNs);
        var operation = Begin(PvaCommand.Rpc, request, PvaRequests.Everything);
        operation.Value = argument;
    }

    public override void Forget(PvRequest request)
    {
        if (request is not PvaRequest known || !_requests.Remove(known))
            return;
        known.IsDone = true;
        if (known is PvaWrite put && known.Channel.WaitingPuts.Remove(put))
            Pump(known.Channel);
        if (known.Operation is { IsRetired: false } operation)
            Retire(operation);
    }

    public override void Subscribe(PvMonitor monitor)
    {
        var wanted = (PvaMonitor)monitor;
        var operation = NewOperation(PvaCommand.Monitor, wanted.Channel, wanted);
        (wanted.Operation, wanted.Untold) = (operation, 0);
        var (sub, request) = wanted.Window == 0
            ? (PvaSub.Init, PvaRequests.Everything)
            : ((byte)(PvaSub.Init | PvaSub.Pipeline), PvaRequests.Pipelined(wanted.Window));
        Say(new PvaMessage.Init(PvaCommand.Monitor, wanted.Channel.Sid, operation.Ioid, sub, request, (uint)wanted.Window));
    }

    public override void Unsubscribe(PvMonitor monitor)
    {
        var known = (PvaMonitor)monitor;
        if (known.Operation is { } operation)
            Retire(operation);
        known.Operation = null;
    }

    private PvaOperation NewOperation(byte command, PvaChannel channel, PvaMonitor? monitor = null)
    {
        var operation = new PvaOperation(_nextIoid++, command, channel) { Monitor = monitor };
        _operations[operation.Ioid] = operation;
        return operation;
    }

    private PvaOperation Begin(byte command, PvaRequest request, PvaValue.Any with)
    {
        var operation = NewOperation(command, request.Channel);
        (operation.Request, request.Operation) = (request, operation);
        if (command == PvaCommand.Get)
            request.Channel.Gets++;
        Say(new PvaMessage.Init(command, request.Channel.Sid, operation.Ioid, PvaSub.Init, with));
        return operation;
    }

    /// <summary>Begins the reads that can be.</summary>
    private void Release(PvaChannel channel)
    {
        while (!IsFaulted && channel.WaitingPuts.Count == 0 && channel.PlainPut?.Request is null
            && channel.WaitingGets.TryPeek(out var next))
        {
            if (!next.IsDone && channel.IdleGets.Count == 0 && channel.Gets >= MostGets)
                return;
            channel.WaitingGets.Dequeue();
            if (next.IsDone)
                continue;
            if (channel.IdleGets.TryPop(out var idle))
                Get(idle, next);
            else
                Begin(PvaCommand.Get, next, PvaRequests.Everything);
        }
    }

    private void Get(PvaOperation operation, PvaRequest request)
    {
        (operation.Request, request.Operation) = (request, operation);
        Say(new PvaMessage.Run(PvaCommand.Get, operation.Channel.Sid, operation.Ioid, PvaSub.Run));
    }

    /// <summary>Ends an operation at the server. Its number is kept for a while, for what may still come.</summary>
    private void Retire(PvaOperation operation)
    {
        if (operation.IsRetired)
            return;
        (operation.IsRetired, operation.Request) = (true, null);
        var channel = operation.Channel;
        if (operation.Command == PvaCommand.Get)
            channel.Gets--;
        if (channel.PlainPut == operation)
            channel.PlainPut = null;
        if (_channels.ContainsKey(channel.Cid) && channel.Sid != 0)
            Say(new PvaMessage.DestroyRequest(channel.Sid, operation.Ioid));
        _retired.Enqueue(operation);
        if (_retired.Count > MostRetired)
            _operations.Remove(_retired.Dequeue().Ioid);
    }

    /// <summary>Ends every request of a channel.</summary>
    private void Fail(PvaChannel channel, string reason)
    {
        RefuseWaiting(channel, reason);
        FailUnderWay(_operations.Values.Where(o => o.Channel == channel), _requests.Where(r => r.Channel == channel), reason);
    }

    private void RefuseWaiting(PvaChannel channel, string reason)
    {
        foreach (var put in channel.WaitingPuts.Where(p => !p.Waits))
            RefuseWrite(put, $"{reason}; it was not written");
    }

    private void FailUnderWay(IEnumerable<PvaOperation> operations, IEnumerable<PvaRequest> requests, string reason)
    {
        foreach (var operation in operations)
            if (operation.Request is PvaWrite { Waits: false, IsDone: false } plain && !plain.Channel.WaitingPuts.Contains(plain))
                RefuseWrite(plain, $"{reason}; whether it was written is not known");
        foreach (var request in requests.ToList())
        {
            _requests.Remove(request);
            request.IsDone = true;
            Answer(request, new Outcome<PvaValue.Structure?>.Failed($"{request.What}: {reason}"));
        }
    }

    private void RefuseWrite(PvaWrite put, string reason)
    {
        put.IsDone = true;
        Tell(new PvOutput(PvOutputKind.WriteRefused, put.Channel, Text: $"{put.What}: {reason}"));
    }

    /// <summary>A request has its answer.</summary>
    private void End(PvaRequest? request, Outcome<PvaValue.Structure?> outcome)
    {
        if (request is null || request.IsDone)
            return;
        _requests.Remove(request);
        if (request is not PvaWrite { Waits: false } plain)
            Answer(request, outcome);
        else if (outcome is not Outcome<PvaValue.Structure?>.Completed)
            RefuseWrite(plain, outcome.Problem!);
        request.IsDone = true;
    }

    private static Outcome<PvaValue.Structure?> Failed(PvaRequest? request, string reason) => request is PvaWrite { Waits: false }
        ? new Outcome<PvaValue.Structure?>.Failed(reason)
        : new Outcome<PvaValue.Structure?>.Failed($"{request?.What}: {reason}");
}
