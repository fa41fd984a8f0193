using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Runs;

namespace Flyscan.Hardware.Motion;

/// <summary>A simulated controller behind the line protocol.</summary>
/// <remarks>Verbs: status, load mark #block, move-to-start mark, start mark, stop. Status words: phase, mark, nanoseconds until settled,
/// then axis and position in turn. Notification: phase phase mark.</remarks>
internal sealed class MotionLineDevice : ILineDevice
{
    private readonly ISimulationClock _world;
    private readonly SimulatedController _controller;

    public MotionLineDevice(ISimulationClock world, SimulatedController controller)
    {
        (_world, _controller) = (world, controller);
        controller.PhaseChanged += () =>
            Notified?.Invoke("phase", [controller.Phase.ToString(), LineText.Number((long)controller.Mark.Value)]);
    }

    public string Name => _controller.Settings.Controller.Name;

    public event Action<string, IReadOnlyList<string>>? Notified;

    public void Handle(LineRequest request, LineAnswer reply)
    {
        switch (request.Verb)
        {
            case "identify":
                reply.Ok(VirtualMotionFactory.KindName);
                break;
            case "status":
                reply.Ok(Status());
                break;
            case "stop":
                _controller.Stop(problem => Answer(reply, problem));
                break;
            case "load" when TryMark(request, out var mark) && request.Block is { } block:
                Load(mark, block.Span, reply);
                break;
            case "move-to-start" when TryMark(request, out var mark):
                _controller.MoveToStart(mark, problem => Answer(reply, problem));
                break;
            case "start" when TryMark(request, out var mark):
                Answer(reply, _controller.Start(mark));
                break;
            default:
                reply.Refused(
                    $"a {VirtualMotionFactory.KindName} does not understand '{request.Verb} {string.Join(' ', request.Arguments)}'");
                break;
        }
    }

    private static bool TryMark(LineRequest request, out TakeMark mark)
    {
        mark = default;
        if (request.Arguments.Count != 1 || !LineText.TryLong(request.Arguments[0], out var value) || value is < 1 or > int.MaxValue)
            return false;
        mark = new TakeMark((int)value);
        return true;
    }

    private void Load(TakeMark mark, ReadOnlySpan<byte> block, LineAnswer reply)
    {
        if (TrajectoryBlock.Decode(Name, block, out var problem) is { } trajectory)
            problem = _controller.Load(mark, trajectory);
        if (problem is not null)
            reply.Refused(problem);
        else
            // Made from what the controller holds, not from what was sent: equal digests prove the download.
            reply.Ok(TrajectoryBlock.Digest(TrajectoryBlock.Encode(_controller.Programme!)));
    }

    private void Answer(LineAnswer reply, string? problem) => reply.OkUnless(problem, problem is null ? Status() : []);

    private List<string> Status()
    {
        var status = _controller.Status();
        var leftNs = Math.Max(0, _controller.SettledNs - _world.NowNs);
        List<string> words = [status.Phase.ToString(), LineText.Number((long)status.Mark.Value), LineText.Number(leftNs)];
        foreach (var (axis, position) in status.Positions)
            words.AddRange([axis, LineText.Number(position)]);
        return words;
    }
}
