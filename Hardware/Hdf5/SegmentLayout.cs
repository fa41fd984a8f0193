using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>What stands around the datasets of a segment: groups with NeXus classes, attributes, the count of recorded frames.</summary>
internal static unsafe class SegmentLayout
{
    /// <summary>Writes attributes and groups; datasets come after.</summary>
    public static void Write(SegmentSpec segment, long file)
    {
        using (var root = HdfId.Item(Hdf.H5Oopen(file, "/", Hdf.Default), segment.Path, "opening the root group"))
        {
            HdfWriting.WriteText(root.Value, segment.Path, "NX_class", "NXroot");
            HdfWriting.WriteText(root.Value, segment.Path, "default", "entry");
            foreach (var attribute in segment.Attributes)
                HdfWriting.WriteText(root.Value, segment.Path, attribute.Name, attribute.Value);
        }

        foreach (var group in Groups(segment))
            HdfWriting.EnsureGroup(file, segment.Path, group, ClassOf(group, segment));
    }

    /// <summary>Names the first dataset of each NXdata group as its signal.</summary>
    public static void WriteSignals(SegmentSpec segment, long file)
    {
        foreach (var group in Groups(segment).Where(group => ClassOf(group, segment) == "NXdata"))
        {
            using var opened = HdfId.Item(Hdf.H5Oopen(file, group, Hdf.Default), segment.Path, $"opening {group}");
            var signal = segment.Datasets.First(dataset => ParentOf(dataset.Path) == group).Path;
            HdfWriting.WriteText(opened.Value, segment.Path, "signal", signal[(group.Length + 1)..]);
        }
    }

    /// <summary>Creates the count of recorded frames: fixed storage, so that one write in place renews it.</summary>
    public static long CreateCounter(string path, long file)
    {
        using var creation = HdfId.List(Hdf.H5Pcreate(HdfTypes.DatasetCreation), path, "making dataset properties");
        HdfErrors.Check(Hdf.H5Pset_alloc_time(creation.Value, Hdf.AllocateEarly), path, "setting when storage is allocated");
        using var space = HdfId.Space(Hdf.H5Screate(0), path, "making a space");
        const string Name = Hdf5FrameStoreFactory.RecordedPath;
        var counter = HdfErrors.Check(
            Hdf.H5Dcreate2(file, Name, HdfTypes.Int64, space.Value, Hdf.Default, creation.Value, Hdf.Default), path, $"creating {Name}");
        long none = 0;
        HdfErrors.Check(Hdf.H5Dwrite(counter, HdfTypes.Int64, Hdf.All, Hdf.All, Hdf.Default, &none), path, $"writing {Name}");
        return counter;
    }

    private static SortedSet<string> Groups(SegmentSpec segment)
    {
        // Ordinal order puts a group before those inside it.
        var groups = new SortedSet<string>(StringComparer.Ordinal) { "/entry" };
        foreach (var dataset in segment.Datasets)
            for (var group = ParentOf(dataset.Path); group.Length > 0; group = ParentOf(group))
                groups.Add(group);
        return groups;
    }

    private static string ClassOf(string group, SegmentSpec segment)
    {
        if (group == "/entry")
            return "NXentry";
        if (group == "/entry/instrument")
            return "NXinstrument";
        if (group.StartsWith("/entry/instrument/", StringComparison.Ordinal))
            return "NXdetector";
        return segment.Datasets.Any(dataset => ParentOf(dataset.Path) == group) ? "NXdata" : "NXcollection";
    }

    private static string ParentOf(string path) => path[..path.LastIndexOf('/')];
}
