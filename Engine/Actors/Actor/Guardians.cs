namespace Akka.Actor;

/// <summary>The two actors below the root: the parent of the user's actors and the parent of the engine's own.</summary>
internal readonly record struct Guardians(LocalActorRef User, LocalActorRef System)
{
    internal static Guardians Make(ActorCell root)
    {
        var user = root.Children.Add(Props.Create<Guardian>(), "user");
        var system = root.Children.Add(Props.Create<Guardian>(), "system");
        return new Guardians(user, system);
    }
}

/// <summary>A parent with the default strategy.</summary>
internal sealed class Guardian : UntypedActor
{
    protected override void OnReceive(object message) => Unhandled(message);

    protected override SupervisorStrategy SupervisorStrategy()
    {
        const string key = "akka.actor.guardian-supervisor-strategy";
        return Context.System.Settings.Config.GetString(key, "Akka.Actor.DefaultSupervisorStrategy") switch
        {
            "Akka.Actor.DefaultSupervisorStrategy" => Akka.Actor.SupervisorStrategy.DefaultStrategy,
            "Akka.Actor.StoppingSupervisorStrategy" => Akka.Actor.SupervisorStrategy.StoppingStrategy,
            var other => throw new Configuration.ConfigurationException(
                $"{key} = {other}: the embedded actor engine has Akka.Actor.DefaultSupervisorStrategy and "
                + "Akka.Actor.StoppingSupervisorStrategy"),
        };
    }

    protected override void PreRestart(Exception reason, object message)
    {
        // A guardian keeps its children through a restart.
    }
}

/// <summary>The root: ends the system when the user's guardian has ended.</summary>
internal sealed class RootGuardian : UntypedActor
{
    protected override void PreStart()
    {
        Context.Watch(Context.Child("user"));
        Context.Watch(Context.Child("system"));
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        if (message is not Terminated ended)
            Unhandled(message);
        else if (ended.ActorRef.Path.Name == "user")
            Context.Stop(Context.Child("system"));
        else
            Context.Stop(Self);
    }
}
