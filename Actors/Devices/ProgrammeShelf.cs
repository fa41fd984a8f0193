using System.Collections.Concurrent;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>Plans by scan, and the programmes last compiled from them, so that a take is compiled once for all who need it.</summary>
public sealed class ProgrammeShelf
{
    private const int Kept = 4;

    private readonly ConcurrentDictionary<string, Entry> _plans = new(StringComparer.Ordinal);

    public IRunPlan Put(string uid, IRunPlan plan) => _plans.GetOrAdd(uid, _ => new Entry(plan));

    public TakeProgramme Compile(string uid, FrameRange frames) =>
        _plans.TryGetValue(uid, out var entry)
            ? entry.Compile(frames)
            : throw new InvalidOperationException($"No plan of scan {uid} is known to this process.");

    private sealed class Entry(IRunPlan plan) : IRunPlan
    {
        private readonly Lock _gate = new();
        private readonly Queue<TakeProgramme> _compiled = new();

        public long Frames => plan.Frames;

        public string Hash => plan.Hash;

        public FrameRange NextTake(FrameRange wanted) => plan.NextTake(wanted);

        public OuterPoint OuterPointOf(long frame) => plan.OuterPointOf(frame);

        public TakeProgramme Compile(FrameRange take)
        {
            lock (_gate)
            {
                foreach (var known in _compiled)
                {
                    if (known.Frames == take)
                        return known;
                }
                var made = plan.Compile(take);
                _compiled.Enqueue(made);
                if (_compiled.Count > Kept)
                    _compiled.Dequeue();
                return made;
            }
        }
    }
}
