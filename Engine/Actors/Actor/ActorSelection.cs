using System.Text.RegularExpressions;
using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>A path, with wildcards if need be, that is followed at each message.</summary>
public class ActorSelection : ICanTell
{
    private readonly string[] _elements;

    public ActorSelection(IActorRef anchor, string path)
        : this(anchor, path.Split('/'))
    {
    }

    public ActorSelection(IActorRef anchor, IEnumerable<string> elements)
    {
        Anchor = anchor;
        _elements = [.. elements.Where(e => e.Length > 0)];
    }

    public IActorRef Anchor { get; }

    public string PathString => ActorPath.FormatPathElements(_elements);

    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is null)
            throw new InvalidMessageException("Message is null.");
        sender ??= ActorCell.CurrentSelfOrNoSender();
        if (_elements.Length == 0)
        {
            Anchor.Tell(message, sender);
            return;
        }

        Deliver((IInternalActorRef)Anchor, 0, message, sender);
    }

    /// <summary>The one actor at this path.</summary>
    public Task<IActorRef> ResolveOne(TimeSpan timeout) => ResolveOne(timeout, CancellationToken.None);

    public Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct)
    {
        using (DeterministicContext.Enter(Futures.SystemOf(Anchor)))
            return Resolved(timeout, ct);
    }

    private async Task<IActorRef> Resolved(TimeSpan timeout, CancellationToken ct)
    {
        try
        {
            var identity = await this.Ask<ActorIdentity>(new Identify(PathString), timeout, ct)
                .ConfigureAwait(DeterministicContext.IsCurrent);
            return identity.Subject ?? throw new ActorNotFoundException($"No actor is at {this}");
        }
        catch (AskTimeoutException e)
        {
            throw new ActorNotFoundException($"No actor at {this} answered within {timeout}", e);
        }
    }

    public override string ToString() => $"ActorSelection[Anchor({Anchor.Path}), Path({PathString})]";

    internal static ActorSelection Parse(ActorSystemImpl system, IInternalActorRef relativeTo, string path)
    {
        if (ActorPath.TryParse(path, out var absolute))
            return new ActorSelection(system.At(absolute.Address), absolute.Elements);
        return path.StartsWith('/')
            ? new ActorSelection(system.Root, path)
            : new ActorSelection(relativeTo, path);
    }

    private void Deliver(IInternalActorRef at, int index, object message, IActorRef? sender)
    {
        for (; index < _elements.Length; index++)
        {
            var element = _elements[index];
            if (element.AsSpan().ContainsAny('*', '?'))
            {
                DeliverToMatching(at, index, message, sender);
                return;
            }

            var next = element == ".." ? at.ParentRef : at.ChildRef(element);
            if (next is null)
            {
                NotFound(at, index, message, sender);
                return;
            }

            at = next;
        }

        at.Tell(message, sender);
    }

    private void DeliverToMatching(IInternalActorRef at, int index, object message, IActorRef? sender)
    {
        var pattern = "^" + Regex.Escape(_elements[index]).Replace("\\*", ".*").Replace("\\?", ".") + "$";
        var matching = at.ChildRefs().Where(child => Regex.IsMatch(child.Path.Name, pattern)).ToArray();
        if (matching.Length == 0)
            NotFound(at, index, message, sender);
        foreach (var child in matching)
            Deliver(child, index + 1, message, sender);
    }

    private void NotFound(IInternalActorRef at, int index, object message, IActorRef? sender)
    {
        var path = _elements[index..].Aggregate(at.Path, (p, element) => p.Child(element));
        new EmptyLocalActorRef(at.System, path).Tell(message, sender);
    }
}
