using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>What our own client has read of a field.</summary>
internal sealed record CSeen(PvReading Native, PvReading Text, PvMetadata Metadata);

/// <summary>What the C library must have read of a field in a form.</summary>
internal static class CExpectation
{
    private static readonly double[] Largest = [0, short.MaxValue, float.MaxValue, ushort.MaxValue, byte.MaxValue, int.MaxValue, 1e300];

    /// <summary>What is wrong with an answer; null for nothing.</summary>
    /// <param name="type">That was asked for.</param>
    public static string? Of(ServedPv pv, CValue answer, CSeen seen, int type, (int Offset, int Size)[] sizes)
    {
        var (kind, what) = (type % 7, $"{pv.Record.Name}.{pv.Field} as {Dbr.NameOf((ushort)type)}");
        if (kind != Dbr.String && pv.Value is PvValue.Text text && double.IsNaN(text.AsNumber()))
            return answer.Status == CaStatus.GetFail ? null : $"{what}: status {answer.Status} for a text that is no number";
        if (answer.Status != CaStatus.Normal || answer.Type != type)
            return $"{what}: status {answer.Status}, type {answer.Type}";
        if (answer.Count != (pv.Most == 1 ? 1 : pv.Value.Count))
            return $"{what}: {answer.Count} elements of {pv.Value.Count}";
        var read = CStructure.Read(answer, sizes[type].Offset);
        return Wrong(pv, seen, read).FirstOrDefault(w => w is not null) is { } wrong ? $"{what}: {wrong}" : null;
    }

    private static IEnumerable<string?> Wrong(ServedPv pv, CSeen seen, CStructure read)
    {
        if (read.Form > 0)
        {
            yield return Differs("status", pv.Alarm.Status, read.Status) ?? Differs("severity", (int)pv.Alarm.Severity, read.Severity);
            yield return Differs("status of ours", seen.Native.Alarm.Status, read.Status);
        }
        if (read.Form == 2)
            yield return Differs("stamp", pv.StampNs, read.StampNs) ?? Differs("stamp of ours", seen.Native.StampNs, read.StampNs);
        if (read.Form > 2 && read.Kind == Dbr.Enum)
            yield return Differs("choices", string.Join('|', pv.Metadata.Choices), string.Join('|', read.Choices));
        else if (read.Form > 2 && read.Kind != Dbr.String)
            yield return Limits(pv.Metadata, read);
        if (read.Form == 4 && read.Kind == pv.Native)
            yield return Metadata(seen.Metadata, read);
        yield return read.Kind == Dbr.String ? Texts(pv, seen, read) : Numbers(pv, read);
    }

    private static string? Texts(ServedPv pv, CSeen seen, CStructure read)
    {
        if (pv.Most > 1)
            return pv.Value is PvValue.Array<string> texts
                ? Differs("texts", string.Join('|', texts.Items), string.Join('|', read.Texts))
                : null;
        return Differs("text of ours", seen.Text.Value.AsText(), read.Texts[0])
            ?? (pv.Native is Dbr.Enum or Dbr.String ? Differs("text", pv.Value.AsText(), read.Texts[0]) : null);
    }

    private static string? Numbers(ServedPv pv, CStructure read)
    {
        var expected = pv.Value.AsNumbers();
        for (var i = 0; i < read.Numbers.Length; i++)
        {
            var wanted = read.Kind switch
            {
                Dbr.Double => expected[i],
                Dbr.Float => (float)expected[i],
                _ => Math.Truncate(expected[i]),
            };
            // C leaves open what becomes of a number that its type cannot hold.
            var fits = Math.Abs(wanted) <= Largest[read.Kind] && (wanted >= 0 || read.Kind is not (Dbr.Enum or Dbr.Char));
            if (fits && wanted != read.Numbers[i])
                return $"value {i} is {read.Numbers[i]}, not {wanted}";
        }
        return null;
    }

    private static string? Limits(PvMetadata metadata, CStructure read)
    {
        double[] all =
        [
            metadata.Display.High, metadata.Display.Low, metadata.AlarmLimits.High, metadata.WarningLimits.High,
            metadata.WarningLimits.Low, metadata.AlarmLimits.Low, metadata.Control.High, metadata.Control.Low,
        ];
        for (var i = 0; i < read.Limits.Length; i++)
        {
            var isFloating = read.Kind is Dbr.Float or Dbr.Double;
            var wanted = isFloating ? all[i] : double.IsNaN(all[i]) ? 0 : Math.Truncate(all[i]);
            if (Math.Abs(wanted) <= Largest[read.Kind] && (wanted >= 0 || read.Kind != Dbr.Char) && wanted != read.Limits[i])
                return $"limit {i} is {read.Limits[i]}, not {wanted}";
        }
        return Differs("units", metadata.Units, read.Units)
            ?? (read.Precision is { } precision ? Differs("precision", metadata.Precision ?? 0, precision) : null);
    }

    /// <summary>As our own client has read them.</summary>
    private static string? Metadata(PvMetadata ours, CStructure read) => read.Kind switch
    {
        Dbr.String => null,
        Dbr.Enum => Differs("choices of ours", string.Join('|', ours.Choices), string.Join('|', read.Choices)),
        _ => Differs("units of ours", ours.Units, read.Units)
            ?? Differs("control of ours", ours.Control.High, read.Limits[6]) ?? Differs("control of ours", ours.Control.Low, read.Limits[7])
            ?? Differs("display of ours", ours.Display.High, read.Limits[0]) ?? Differs("display of ours", ours.Display.Low, read.Limits[1])
            ?? (read.Precision is { } precision ? Differs("precision of ours", ours.Precision, precision) : null),
    };

    private static string? Differs<T>(string what, T expected, T read) =>
        EqualityComparer<T>.Default.Equals(expected, read) ? null : $"{what} is {read}, not {expected}";
}
