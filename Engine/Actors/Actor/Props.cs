using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.ExceptionServices;

namespace Akka.Actor;

/// <summary>How to make an actor: its class, its constructor's arguments and its supervisor strategy.</summary>
public class Props : IEquatable<Props>
{
    /// <summary>An actor that knows no message.</summary>
    public static readonly Props None = new(typeof(EmptyActor));

    private readonly ConstructorInfo? _constructor;

    public Props(Type type)
        : this(type, [])
    {
    }

    public Props(Type type, object[] args)
        : this(type, null, null, args)
    {
    }

    public Props(Type type, SupervisorStrategy? supervisorStrategy, params object[] args)
        : this(type, supervisorStrategy, null, args)
    {
    }

    private Props(Type type, SupervisorStrategy? supervisorStrategy, ConstructorInfo? constructor, object[] args)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (!typeof(ActorBase).IsAssignableFrom(type))
            throw new ArgumentException($"{type} is not an actor: it does not derive from {typeof(ActorBase)}", nameof(type));
        Type = type;
        SupervisorStrategy = supervisorStrategy;
        Arguments = args;
        _constructor = constructor;
    }

    public static Props Empty { get; } = new(typeof(EmptyActor));

    public Type Type { get; }

    public object[] Arguments { get; }

    public SupervisorStrategy? SupervisorStrategy { get; protected set; }

    /// <summary>Where the actor runs, if not on the system's dispatcher.</summary>
    internal Akka.Dispatch.IDispatcher? Dispatcher { get; init; }

    public string TypeName => Type.AssemblyQualifiedName!;

    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => new(typeof(TActor), args);

    public static Props Create(Type type, params object[] args) => new(type, args);

    public static Props Create<TActor>(SupervisorStrategy supervisorStrategy)
        where TActor : ActorBase, new() => new(typeof(TActor), supervisorStrategy);

    /// <summary>Takes class and arguments from <c>() => new TActor(…)</c>; the arguments are evaluated once, here.</summary>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy? supervisorStrategy = null)
        where TActor : ActorBase
    {
        if (factory.Body is not NewExpression call)
            throw new ArgumentException("The create function must be a 'new T (args)' expression", nameof(factory));
        var args = new object[call.Arguments.Count];
        for (var i = 0; i < args.Length; i++)
            args[i] = Evaluate(call.Arguments[i])!;
        return new Props(call.Type, supervisorStrategy, call.Constructor, args);
    }

    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) =>
        new(Type, supervisorStrategy, _constructor, Arguments);

    public virtual ActorBase NewActor()
    {
        try
        {
            return _constructor is { IsPublic: true }
                ? (ActorBase)_constructor.Invoke(Arguments)
                : (ActorBase)Activator.CreateInstance(Type, Arguments)!;
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
        catch (MissingMethodException e)
        {
            var types = string.Join(", ", Arguments.Select(a => a?.GetType().Name ?? "null"));
            throw new TypeLoadException($"{Type} has no public constructor for ({types})", e);
        }
    }

    public bool Equals(Props? other) =>
        other is not null && Type == other.Type && Equals(SupervisorStrategy, other.SupervisorStrategy)
        && Arguments.SequenceEqual(other.Arguments);

    public override bool Equals(object? obj) => Equals(obj as Props);

    public override int GetHashCode() => Type.GetHashCode();

    private static object? Evaluate(Expression expression) => expression switch
    {
        ConstantExpression constant => constant.Value,
        MemberExpression { Member: FieldInfo field } member =>
            field.GetValue(member.Expression is null ? null : Evaluate(member.Expression)),
        _ => Expression.Lambda<Func<object?>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)(),
    };

    private sealed class EmptyActor : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
