using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What is to go wrong in a box, and when.</summary>
internal sealed class BoxFaults(PandASimulator box, IReadOnlyList<BoxBlockKind> kinds, ISimulationClock clock)
{
    private const long FeedNs = 100_000_000;

    private readonly List<(long AfterSamples, Action Happen)> _coming = [];
    private long _bytesPerFeed;

    /// <summary>Data clients take only so much at a time.</summary>
    public bool IsSlow => _bytesPerFeed > 0;

    public void Add(PandAFault fault)
    {
        switch (fault)
        {
            case PandAFault.DropConnection drop:
                _coming.Add((drop.AfterSamples, DropConnections));
                break;
            case PandAFault.DriverOverrun overrun:
                _coming.Add((overrun.AfterSamples, () => box.Capture.End("Driver data overrun")));
                break;
            case PandAFault.DmaError error:
                _coming.Add((error.AfterSamples, () => box.Capture.End("DMA data error")));
                break;
            case PandAFault.JumpEncoder jump:
                _coming.Add((jump.AfterSamples, () => box.Encoder(jump.Input).Jump(jump.Counts)));
                break;
            case PandAFault.Restart restart:
                _coming.Add((restart.AfterSamples, box.Restart));
                break;
            case PandAFault.StuckHealth stuck:
                Stick(stuck);
                break;
            case PandAFault.SlowReader slow:
                SlowDown(slow.BytesPerSecond);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    public void OnSample(long taken)
    {
        foreach (var fault in _coming.Where(f => f.AfterSamples == taken).ToArray())
        {
            _coming.Remove(fault);
            fault.Happen();
        }
    }

    private void DropConnections()
    {
        foreach (var session in box.DataSessions.ToArray())
            session.Connection.Dispose();
    }

    private void Stick(PandAFault.StuckHealth stuck)
    {
        if (new BlockNames(kinds).Find($"{stuck.Block}.HEALTH", out var found) is { } problem)
            throw new FormatException($"{stuck.Block}: {problem}");
        if (found.Block?.Find("HEALTH") is not ReadField health)
            throw new FormatException($"{stuck.Block} has no HEALTH; give a block with its number, such as SEQ1.");
        if (health.Enums(null)?.Contains(stuck.Label) != true)
            throw new FormatException(
                $"{stuck.Block}.HEALTH is never '{stuck.Label}'; it is one of: {string.Join(", ", health.Enums(null) ?? [])}.");
        health.Stuck = stuck.Label;
    }

    private void SlowDown(long bytesPerSecond)
    {
        var first = _bytesPerFeed == 0;
        _bytesPerFeed = Math.Max(1, bytesPerSecond * FeedNs / 1_000_000_000);
        if (first)
            Feed();
    }

    private void Feed()
    {
        foreach (var session in box.DataSessions)
            session.Budget = (session.Budget is > 0 and var left ? left : 0) + _bytesPerFeed;
        box.PumpData();
        clock.AfterWall(FeedNs, Feed);
    }
}
