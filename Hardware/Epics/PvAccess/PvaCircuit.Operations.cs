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
        Await(request, nowNs);
        request.Link.WaitingGets.Enqueue(request);
        Release(request.Link);
    }

    /// <summary>Writes a channel. Writes are sent in the order in which they are asked for.</summary>
    public void Write(PvaPutRequest request, long nowNs)
    {
        if (request.Waits)
            Await(request, nowNs);
        request.Link.WaitingPuts.AddLast(request);
        Pump(request.Link);
    }

    /// <summary>Calls a channel that is a service.</summary>
    public void Call(PvaRequest request, PvaValue.Structure argument, long nowNs)
    {
        Await(request, nowNs);
        var operation = Begin(PvaCommand.Rpc, request, PvaRequests.Everything);
        operation.Value = argument;
    }

    /// <summary>Nobody waits for it any more; its answer will be ignored.</summary>
    public void Forget(PvaRequest request)
    {
        if (!_requests.Remove(request))
            return;
        request.IsDone = true;
        if (request is PvaPutRequest put && request.Link.WaitingPuts.Remove(put))
            Pump(request.Link);
        if (request.Operation is { IsRetired: false } operation)
            Retire(operation);
    }

    public void Subscribe(PvaSubscription subscription)
    {
        var operation = new PvaOperation(_nextIoid++, PvaCommand.Monitor, subscription.Link) { Subscription = subscription };
        _operations[operation.Ioid] = operation;
        (subscription.Operation, subscription.Untold) = (operation, 0);
        var window = subscription.Window;
        Say(window == 0
            ? new PvaMessage.Init(PvaCommand.Monitor, subscription.Link.Sid, operation.Ioid, PvaSub.Init, PvaRequests.Everything)
            : new PvaMessage.Init(
                PvaCommand.Monitor, subscription.Link.Sid, operation.Ioid, PvaSub.Init | PvaSub.Pipeline, PvaRequests.Pipelined(window),
                (uint)window));
    }

    public void Unsubscribe(PvaSubscription subscription)
    {
        if (subscription.Operation is { } operation)
            Retire(operation);
        subscription.Operation = null;
    }

    private void Await(PvaRequest request, long nowNs)
    {
        request.DeadlineNs = request.WithinNs > long.MaxValue - nowNs ? long.MaxValue : nowNs + request.WithinNs;
        _requests.Add(request);
        _earliestNs = Math.Min(_earliestNs, request.DeadlineNs);
    }

    /// <summary>Looked through only when the earliest deadline that ever stood has come, so that answered requests cost nothing.</summary>
    private void TimeOut(long nowNs)
    {
        _earliestNs = long.MaxValue;
        List<PvaRequest>? late = null;
        foreach (var request in _requests)
        {
            if (request.DeadlineNs <= nowNs)
                (late ??= []).Add(request);
            else
                _earliestNs = Math.Min(_earliestNs, request.DeadlineNs);
        }
        foreach (var request in late ?? [])
        {
            Forget(request);
            Tell(request, new Outcome<PvaAnswer>.TimedOut(request.What, request.WithinNs));
        }
    }

    private PvaOperation NewOperation(byte command, PvaLink link)
    {
        var operation = new PvaOperation(_nextIoid++, command, link);
        _operations[operation.Ioid] = operation;
        return operation;
    }

    private PvaOperation Begin(byte command, PvaRequest request, PvaValue.Any with)
    {
        var operation = NewOperation(command, request.Link);
        (operation.Request, request.Operation) = (request, operation);
        if (command == PvaCommand.Get)
            request.Link.Gets++;
        Say(new PvaMessage.Init(command, request.Link.Sid, operation.Ioid, PvaSub.Init, with));
        return operation;
    }

    /// <summary>Begins the reads that can be.</summary>
    private void Release(PvaLink link)
    {
        while (!IsFaulted && link.WaitingPuts.Count == 0 && link.PlainPut?.Request is null && link.WaitingGets.TryPeek(out var next))
        {
            if (!next.IsDone && link.IdleGets.Count == 0 && link.Gets >= MostGets)
                return;
            link.WaitingGets.Dequeue();
            if (next.IsDone)
                continue;
            if (link.IdleGets.TryPop(out var idle))
                Get(idle, next);
            else
                Begin(PvaCommand.Get, next, PvaRequests.Everything);
        }
    }

    private void Get(PvaOperation operation, PvaRequest request)
    {
        (operation.Request, request.Operation) = (request, operation);
        Say(new PvaMessage.Run(PvaCommand.Get, operation.Link.Sid, operation.Ioid, PvaSub.Run));
    }

    /// <summary>Ends an operation at the server. Its number is kept for a while, for what may still come.</summary>
    private void Retire(PvaOperation operation)
    {
        if (operation.IsRetired)
            return;
        (operation.IsRetired, operation.Request) = (true, null);
        var link = operation.Link;
        if (operation.Command == PvaCommand.Get)
            link.Gets--;
        if (link.PlainPut == operation)
            link.PlainPut = null;
        if (_links.ContainsKey(link.Cid) && link.Sid != 0)
            Say(new PvaMessage.DestroyRequest(link.Sid, operation.Ioid));
        _retired.Enqueue(operation);
        if (_retired.Count > MostRetired)
            _operations.Remove(_retired.Dequeue().Ioid);
    }

    /// <summary>Ends every request of a channel.</summary>
    private void Fail(PvaLink link, string reason)
    {
        foreach (var put in link.WaitingPuts.Where(p => !p.Waits))
            RefuseWrite(put, $"{reason}; it was not written");
        foreach (var operation in _operations.Values)
            if (operation.Link == link && operation.Request is PvaPutRequest { Waits: false, IsDone: false } plain
                && !link.WaitingPuts.Contains(plain))
                RefuseWrite(plain, $"{reason}; whether it was written is not known");
        foreach (var request in _requests.Where(r => r.Link == link).ToList())
        {
            _requests.Remove(request);
            Tell(request, new Outcome<PvaAnswer>.Failed($"{request.What}: {reason}"));
        }
    }

    private void RefuseWrite(PvaPutRequest put, string reason)
    {
        put.IsDone = true;
        _outputs.Enqueue(new PvaOutput(PvaOutputKind.WriteRefused, put.Link, Text: $"{put.What}: {reason}"));
    }

    private void Tell(PvaRequest request, Outcome<PvaAnswer> outcome)
    {
        request.IsDone = true;
        _outputs.Enqueue(new PvaOutput(PvaOutputKind.Answered, Request: request, Outcome: outcome));
    }

    /// <summary>A request has its answer.</summary>
    private void End(PvaRequest? request, Outcome<PvaAnswer> outcome)
    {
        if (request is null || request.IsDone)
            return;
        _requests.Remove(request);
        if (request is not PvaPutRequest { Waits: false } plain)
            Tell(request, outcome);
        else if (outcome is not Outcome<PvaAnswer>.Completed)
            RefuseWrite(plain, outcome.Problem!);
        request.IsDone = true;
    }

    private static Outcome<PvaAnswer> Failed(PvaRequest? request, string reason) => request is PvaPutRequest { Waits: false }
        ? new Outcome<PvaAnswer>.Failed(reason)
        : new Outcome<PvaAnswer>.Failed($"{request?.What}: {reason}");
}
