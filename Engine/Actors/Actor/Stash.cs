namespace Akka.Actor;

/// <summary>An actor with a stash.</summary>
public interface IActorStash
{
    IStash Stash { get; set; }
}

/// <summary>An actor with a stash that has no limit of its own.</summary>
public interface IWithUnrestrictedStash : IActorStash;

/// <summary>An actor with an unbounded stash.</summary>
public interface IWithUnboundedStash : IWithUnrestrictedStash;

/// <summary>An actor with a stash.</summary>
public interface IWithStash : IWithUnrestrictedStash;

/// <summary>Messages put aside, to be processed later and before those that wait in the mailbox.</summary>
public interface IStash
{
    bool IsEmpty { get; }

    bool NonEmpty { get; }

    int Count { get; }

    void Stash();

    void Unstash();

    void UnstashAll();

    void UnstashAll(Func<Envelope, bool> predicate);

    void Prepend(IEnumerable<Envelope> envelopes);

    IEnumerable<Envelope> ClearStash();
}

internal sealed class ActorStash(ActorCell cell) : IStash
{
    private LinkedList<Envelope> _stashed = new();
    private long _lastTurn = -1;

    public bool IsEmpty => _stashed.Count == 0;

    public bool NonEmpty => _stashed.Count > 0;

    public int Count => _stashed.Count;

    public void Stash()
    {
        var message = cell.CurrentMessage ?? throw new IllegalActorStateException("There is no message in work to stash");
        if (cell.Turn == _lastTurn)
            throw new IllegalActorStateException($"Can't stash the same message {message} more than once");
        _lastTurn = cell.Turn;
        _stashed.AddLast(new Envelope(message, cell.RawSender));
    }

    public void Unstash()
    {
        if (_stashed.First is not { } first)
            return;
        _stashed.RemoveFirst();
        cell.Requeue([first.Value]);
    }

    public void UnstashAll()
    {
        if (_stashed.Count > 0)
            cell.Requeue([.. ClearStash()]);
    }

    public void UnstashAll(Func<Envelope, bool> predicate)
    {
        if (_stashed.Count > 0)
            cell.Requeue([.. ClearStash().Where(predicate)]);
    }

    public void Prepend(IEnumerable<Envelope> envelopes)
    {
        var node = _stashed.First;
        foreach (var envelope in envelopes)
        {
            if (node is null)
                _stashed.AddLast(envelope);
            else
                _stashed.AddBefore(node, envelope);
        }
    }

    public IEnumerable<Envelope> ClearStash()
    {
        var stashed = _stashed;
        _stashed = new LinkedList<Envelope>();
        return stashed;
    }
}
