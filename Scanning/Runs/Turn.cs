using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>What one command leads to: facts to journal, then things to do, and perhaps a word to whoever asked.</summary>
/// <param name="Reply">Answer to the command's sender; null when the sender is a device or a clock.</param>
/// <param name="Notice">Told to everyone who waits for the scan to stand.</param>
public sealed record Decision(
    ScanState State, ScanWork Work, EquatableArray<ScanEvent> Events, EquatableArray<ScanEffect> Effects, ScanReply? Reply,
    ScanReply? Notice);

/// <summary>One decision in the making: state evolves as events are decided, so that later steps of the same turn see
/// earlier ones.</summary>
internal sealed class Turn(RunSetup setup, ScanState state, ScanWork work, long atNs)
{
    private readonly List<ScanEvent> _events = [];
    private readonly List<ScanEffect> _effects = [];

    public RunSetup Setup { get; } = setup;

    public ScanState State { get; private set; } = state;

    public ScanWork Work { get; set; } = work;

    public long AtNs { get; } = atNs;

    public ScanReply? Reply { get; set; }

    public ScanReply? Notice { get; set; }

    public ScanStep Step
    {
        get => Work.Step;
        set => Work = Work with { Step = value };
    }

    public void Emit(ScanEvent happened)
    {
        _events.Add(happened);
        State = State.Evolve(happened);
    }

    public void Do(ScanEffect effect) => _effects.Add(effect);

    public Decision Done() => new(State, Work, _events.ToEquatableArray(), _effects.ToEquatableArray(), Reply, Notice);
}
