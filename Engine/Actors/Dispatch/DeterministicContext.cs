using Akka.Actor;

namespace Akka.Dispatch;

/// <summary>A context that every continuation of what begins on it must come back to: nothing may escape to the thread pool.</summary>
internal abstract class DeterministicContext : SynchronizationContext
{
    /// <summary>Whether an await must come back to the present context.</summary>
    internal static bool IsCurrent => Current is DeterministicContext;

    /// <summary>Puts the thread on the system's context, if it has one, until the scope is disposed.</summary>
    internal static Scope Enter(ActorSystemImpl? system) => new(system?.Surroundings?.Context);

    internal readonly ref struct Scope
    {
        private readonly SynchronizationContext? _outer;
        private readonly bool _changed;

        internal Scope(DeterministicContext? context)
        {
            _outer = Current;
            _changed = context is not null && !ReferenceEquals(context, _outer);
            if (_changed)
                SetSynchronizationContext(context);
        }

        public void Dispose()
        {
            if (_changed)
                SetSynchronizationContext(_outer);
        }
    }
}
