namespace Flyscan.Hardware.Simulation.Line;

/// <summary>A simulated device behind the line protocol. All members on the world's thread.</summary>
internal interface ILineDevice
{
    /// <summary>Name in requests.</summary>
    string Name { get; }

    /// <summary>Raised with topic and values for those who watch the device.</summary>
    event Action<string, IReadOnlyList<string>>? Notified;

    /// <summary>Handles a request; <paramref name="reply"/> is called once, now or later.</summary>
    void Handle(LineRequest request, LineAnswer reply);
}

/// <summary>Answers one request; answers after its connection has closed go nowhere.</summary>
internal sealed class LineAnswer(Action<LineEnding, IReadOnlyList<string>> send)
{
    public void Ok(params IReadOnlyList<string> values) => send(LineEnding.Ok, values);

    public void Refused(string reason) => send(LineEnding.Refused, [reason]);

    public void Failed(string reason) => send(LineEnding.Failed, [reason]);

    /// <summary>Ok where there is no problem, else refused with it.</summary>
    public void OkUnless(string? problem, params IReadOnlyList<string> values)
    {
        if (problem is null)
            Ok(values);
        else
            Refused(problem);
    }
}
