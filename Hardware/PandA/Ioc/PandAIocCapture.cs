using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>Samples that the IOC takes from the box and writes.</summary>
/// <remarks>
/// A COUNTER block numbers the frames inside the file, so that it says by itself which trigger a row is of, also when its writer has died.
/// The file is the IOC's: it outlives this process, and another one goes on with it. What must be known for that stands beside it.
/// <b>Source</b> PandABlocks-ioc: its writer's records.
/// </remarks>
internal sealed class PandAIocCapture(
    string name, PandAIocSettings settings, IClock clock, IWrittenColumns written, Func<PandAIocControl> connected) : IPandACapture
{
    internal const string KeptSuffix = ".staged";
    internal const long FileWithinNs = 10_000_000_000;
    private const long PollNs = 10_000_000;

    /// <summary>Rows that were captured and do not come for so long, on top of what they usually take, will not come.</summary>
    internal const long WrittenWithinNs = 5_000_000_000;

    public bool WritesHere => false;

    public CapturePlan Plan(RecorderStaging staging) => new(
        settings.Box.Encoders, settings.Box.Detectors.Where(d => staging.Detectors.Contains(d.Name)),
        settings.Box.ExposureOuts.Where(o => staging.Detectors.Contains(o.Detector)), settings.FrameCounter);

    public IEnumerable<(string Name, string Value)> Settings(CapturePlan plan)
    {
        // After the first frame it shows 0.
        foreach (var setting in CountProgramme.Staged(settings.FrameCounter, $"{settings.Box.Sequencer}.OUTA", start: -1))
            yield return setting;
        foreach (var detector in settings.Box.Detectors.Where(PandAIocFile.IsDifference))
            yield return ($"{detector.Capture}.OFFSET", "0");
        var control = connected();
        foreach (var (field, _) in plan.Captures)
            if (control.Has($"{field}.DATASET"))
                yield return ($"{field}.DATASET", "");
    }

    public IReadOnlyList<string> Kept { get; } = ["DATA.FLUSH_PERIOD", "DATA.CAPTURE_MODE", "DATA.NUM_CAPTURE", "DATA.CREATE_DIRECTORY"];

    /// <summary>Sees that the IOC can capture what any scan here asks for.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming the field and what it offers.</remarks>
    public async Task CheckAsync(PandAIocControl control, CancellationToken cancel)
    {
        var whole = new CapturePlan(settings.Box.Encoders, settings.Box.Detectors, settings.Box.ExposureOuts, settings.FrameCounter);
        foreach (var (field, options) in whole.Captures)
        {
            if (!control.Has($"{field}.CAPTURE"))
                throw new IOException($"the box cannot capture {field}: check frame-counter, the encoders and the detectors");
            var choices = await control.ChoicesAsync($"{field}.CAPTURE", cancel);
            if (!choices.Contains(options))
                throw new IOException(
                    $"{field} cannot be captured as {options} through the IOC, which offers {string.Join(", ", choices)}: check "
                        + "axis-captures and the detectors' options");
        }
    }

    /// <summary>Ends a file of this run that is still open, and a capture that its dead writer left.</summary>
    public async Task<string?> EndLeftAsync(RecorderStaging staging, CancellationToken cancel)
    {
        var control = connected();
        var kept = KeptOf(staging).ToList();
        var isBusy = await control.TextAsync("PCAP.ACTIVE", cancel) == "1";
        if (await control.TextAsync("DATA.CAPTURE", cancel) != "1")
        {
            // Nobody writes it, and this run has a file that was not ended: it was ours. Else somebody takes it at the box's own port.
            if (isBusy && kept.Count > 0)
                await control.DoAsync(cancel, PandACommand.Set("*PCAP.DISARM", ""));
            return null;
        }
        var file = await control.TextAsync("DATA.HDF_FILE_NAME", cancel);
        if (!AreaDetectorPaths.AreSame(await control.TextAsync("DATA.HDF_DIRECTORY", cancel), TheirFolder(staging))
            && kept.All(k => $"{FileOf(k.Segment)}.h5" != file))
            return $"the IOC writes {await control.TextAsync("DATA.HDF_FULL_FILE_PATH", cancel)}, which is not of this scan: end that "
                + $"capture first ({settings.Prefix}:DATA:CAPTURE)";
        await control.DoAsync(cancel, PandACommand.Set("*PCAP.DISARM", ""));
        await StopWritingAsync(control, cancel);
        return null;
    }

    public async Task<PandARecording> OpenAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, EquatableArray<SavedSetting> saved, CancellationToken cancel)
    {
        var control = connected();
        var file = FileOf(staging.Segment);
        var recording = await RecordingAsync(
            control, watch, staging, staging.Segment, plan, saved, $"{settings.Prefix}/{staging.ScanUid}/{file}", null, cancel);
        if (written.Exists(recording.PathHere))
            throw new IOException($"{recording.PathHere} is there already: nothing that was written is written over");
        // Its number is taken from now on, whatever becomes of the file.
        await recording.KeepAsync(cancel);
        await control.DoAsync(
            cancel,
            PandACommand.Set("DATA.CREATE_DIRECTORY", "0"),
            PandACommand.Set("DATA.FLUSH_PERIOD", PandAText.Number(settings.FlushPeriodNs / 1e9)),
            PandACommand.Set("DATA.HDF_DIRECTORY", TheirFolder(staging)), PandACommand.Set("DATA.HDF_FILE_NAME", $"{file}.h5"),
            PandACommand.Set("DATA.CAPTURE_MODE", "FOREVER"), PandACommand.Set("DATA.NUM_CAPTURE", "0"));
        if (await control.TextAsync("DATA.DIRECTORY_EXISTS", cancel) is "0" or "No")
            throw new IOException(
                $"the IOC cannot write into {TheirFolder(staging)} ({await control.TextAsync("DATA.STATUS", cancel)}); does path-map say "
                    + "how the run's folder is called where it runs?");
        try
        {
            await control.DoAsync(cancel, PandACommand.Set("DATA.CAPTURE", "1"));
            // It is answered before the count of the file before is taken back.
            await UntilAsync(
                async () => await control.TextAsync("DATA.NUM_CAPTURED", cancel) == "0", FileWithinNs,
                $"{settings.Prefix}:DATA:NUM_CAPTURED to be 0", cancel);
        }
        catch
        {
            await recording.UndoAsync();
            throw;
        }
        return recording;
    }

    public async Task<PandARecording?> FindAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, string session, long alreadyRecorded, PandARecording? held,
        bool isBusy, CancellationToken cancel)
    {
        var control = connected();
        var kept = KeptOf(staging).FirstOrDefault(k => k.Session == session);
        if (kept is null || !isBusy || await control.TextAsync("DATA.CAPTURE", cancel) != "1"
            || await control.TextAsync("DATA.HDF_FILE_NAME", cancel) != $"{FileOf(kept.Segment)}.h5"
            || !AreaDetectorPaths.AreSame(await control.TextAsync("DATA.HDF_DIRECTORY", cancel), TheirFolder(staging)))
        {
            // Who hears that it is gone reads the file back, and closes it where its writer did not: nobody may write it then.
            await EndLeftAsync(staging, cancel);
            if (held?.Session == session)
                ((PandAIocRecording)held).Forget();
            return null;
        }
        if (held is { Fault: null } && held.Session == session)
            return held;
        if (held is not null)
            await held.AbandonAsync();
        return await RecordingAsync(control, watch, staging, kept.Segment, plan, [], session, kept.ClockZeroNs, cancel);
    }

    private IEnumerable<PandAIocKept> KeptOf(RecorderStaging staging) => written
        .Kept(Path.Combine(staging.RunFolder, "data"), $"{name}.*{KeptSuffix}").Select(k => PandAIocKept.Read(k.Content))
        .OfType<PandAIocKept>();

    private async Task<PandAIocRecording> RecordingAsync(
        PandAIocControl control, PandACaptureWatch watch, RecorderStaging staging, int number, CapturePlan plan,
        EquatableArray<SavedSetting> saved, string session, long? clockZeroNs, CancellationToken cancel)
    {
        var plain = new HashSet<string>();
        foreach (var field in plan.Captures.Select(c => c.Field).Where(f => control.Has($"{f}.SCALE")))
            if ((await control.ReadingAsync($"{field}.SCALE", cancel)).Value.AsNumber() == 1
                && (await control.ReadingAsync($"{field}.OFFSET", cancel)).Value.AsNumber() == 0)
                plain.Add(field);
        var segment = new Segment(name, number, $"data/{FileOf(number)}.h5", PandAIocFile.Datasets(plan, plain));
        return new PandAIocRecording(this, watch, staging.RunFolder, plan, segment, saved, session) { Zero = clockZeroNs };
    }

    private string FileOf(int segment) => $"{name}.{segment:0000}";

    private string TheirFolder(RecorderStaging staging)
    {
        var folder = Path.Combine(staging.RunFolder, "data");
        return settings.Paths.TheirsOf(folder)?.TrimEnd('/', '\\')
            ?? throw new IOException(
                $"the run's folder {folder} is not in path-map.ours ({settings.Paths.Ours}): the IOC does not know it");
    }

    internal async Task StopWritingAsync(PandAIocControl control, CancellationToken cancel)
    {
        await control.DoAsync(cancel, PandACommand.Set("DATA.CAPTURE", "0"));
        await UntilAsync(
            async () => await control.TextAsync("DATA.CAPTURE", cancel) == "0", FileWithinNs, $"{settings.Prefix}:DATA:CAPTURE to be 0",
            cancel);
    }

    internal async Task<bool> HoldsAsync(Func<Task<bool>> condition, long withinNs, CancellationToken cancel)
    {
        var deadlineNs = clock.NowNs + withinNs;
        while (!await condition())
        {
            if (clock.NowNs >= deadlineNs)
                return false;
            await clock.SleepAsync(PollNs, cancel);
        }
        return true;
    }

    internal async Task UntilAsync(Func<Task<bool>> condition, long withinNs, string what, CancellationToken cancel)
    {
        if (!await HoldsAsync(condition, withinNs, cancel))
            throw new TimeoutException($"waited {withinNs / 1e9:0.#} s for {what}");
    }

    internal PandAIocControl Control => connected();

    internal long NowNs => clock.NowNs;

    internal IWrittenColumns Written => written;

    internal long LagNs => 3 * settings.FlushPeriodNs + 2 * settings.StatusWithinNs;

    internal Task KeepAsync(string path, byte[] content, CancellationToken cancel) => written.KeepAsync(path, content, cancel);
}
